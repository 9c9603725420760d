// The program that the CDK CLI runs.
import { App } from 'aws-cdk-lib';
import { addStacks } from './app';
import { HOSTED_ZONE_ID } from './settings';

addStacks(new App(), HOSTED_ZONE_ID);
