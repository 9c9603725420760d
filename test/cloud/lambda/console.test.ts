// What `console` writes to a function's log: time, request and level before each text, in both ways of running it.
import { FunctionMode } from '.';
import { LambdaFixture } from './lambda-fixture';

test.each<FunctionMode>(['process', 'in-process'])('%s', async (mode) => {
  const fixture = await LambdaFixture.start(mode);
  try {
    const arn = fixture.put(`exports.handler = async () => {
      console.log('one %s', 'text', { a: 1 });
      await require('node:timers/promises').setTimeout(60000);
      console.error('two');
    };`);
    await fixture.result(arn);
    const [{ requestId }] = fixture.lambda.invocations;
    expect(fixture.lambda.logs('worker')).toEqual([
      `2026-01-05T09:00:00.000Z\t${requestId}\tINFO\tone text { a: 1 }`,
      `2026-01-05T09:01:00.000Z\t${requestId}\tERROR\ttwo`,
    ]);
  } finally {
    await fixture.stop();
  }
});
