// The app of the demo for the CLI. Zones and selector come from environment variables.
import { App } from 'aws-cdk-lib';
import { addMailStacks } from '../../examples/demo/app';

const app = new App({ analyticsReporting: false });
addMailStacks(app, { zoneIds: JSON.parse(process.env.ZONE_IDS!), selector: process.env.SELECTOR! });
app.synth();
