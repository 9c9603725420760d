// Counts the AWS calls of each flow on the local cloud, and how many of them write.
import { PARENT, parentExists, WAIT } from '../../test/end-to-end/methods';
import { PEM, Scene } from '../../test/end-to-end/scene';

interface Flow {
  readonly name: string;
  /** How often each `service operation` was called. */
  readonly calls: ReadonlyMap<string, number>;
  readonly writes: number;
}

/** Without throttling and with Route 53 in sync at once, so that no call is a repeat or a poll. */
export async function countCalls(): Promise<Flow[]> {
  const scene = await Scene.start({
    route53: { insyncAfter: 0, processingTime: 0, requestsPerSecond: 1e6 },
    ses: { requestsPerSecond: 1e6 },
  });
  const flows: Flow[] = [];
  const flow = async (name: string, run: () => Promise<unknown>) => {
    const since = scene.cloud.calls.length;
    await run();
    // The calls of S3 are the answers to CloudFormation.
    const made = scene.cloud.calls.slice(since).filter(({ service }) => service !== 's3');
    const calls = new Map<string, number>();
    for (const { service, operation } of made) {
      calls.set(`${service} ${operation}`, (calls.get(`${service} ${operation}`) ?? 0) + 1);
    }
    flows.push({ name, calls, writes: scene.writes(since).length });
  };
  try {
    scene.identityExists();
    const [one, two] = [scene.secret(PEM.one), scene.secret(PEM.two)];
    await flow('Easy DKIM, create', () => scene.deployed('Easy', scene.easy()));
    await scene.verified();
    await flow('Easy DKIM, an update that changes nothing for SES and DNS', () =>
      scene.deployed('Easy', scene.easy(WAIT)),
    );
    await flow('Easy DKIM, delete', () => scene.destroy('Easy'));
    await flow('BYODKIM, create', () => scene.deployed('Byo', scene.byo('s1', one)));
    await scene.verified();
    await flow('BYODKIM, an update that changes nothing for SES and DNS', () =>
      scene.deployed('Byo', scene.byo('s1', one, WAIT)),
    );
    await flow('BYODKIM, another selector and key', () => scene.deployed('Byo', scene.byo('s2', two)));
    await flow('BYODKIM, delete', () => scene.destroy('Byo'));
    await parentExists(scene);
    await flow('DEED, create', () => scene.deployed('Replica', scene.replicaOf(PARENT)));
    await scene.verified();
    await flow('DEED, an update that changes nothing for SES and DNS', () =>
      scene.deployed('Replica', scene.replicaOf(PARENT, WAIT)),
    );
    await flow('DEED, delete', () => scene.destroy('Replica'));
  } finally {
    await scene.stop();
  }
  return flows;
}
