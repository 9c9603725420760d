// The demo's app, as the CLI runs it: with the zones and the selector of this moment from the environment.
import { App } from 'aws-cdk-lib';
import { addMailStacks } from '../../examples/demo/app';

const app = new App({ analyticsReporting: false });
addMailStacks(app, { zoneIds: JSON.parse(process.env.ZONE_IDS!), selector: process.env.SELECTOR! });
app.synth();
