// Bad input: retirement between deployments.
import { dkim } from './app';
import { Refusal } from './refusal';

/** What synthesis refuses. */
export const RETIREMENT_AT_SYNTHESIS: readonly Refusal[] = [{
  place: 'synthesis',
  says: "retireBetweenDeployments of 'example.com' needs a hostedZone: the function writes its records without a deployment",
  advises: 'Pass the hosted zone of the domain, or leave it out',
  why: 'Without a zone the construct has no records.',
  atSynthesis: [{ title: 'retireBetweenDeployments: no zone', build: dkim(() => ({ retireBetweenDeployments: true })) }],
}];

const refused = (says: string): Refusal => ({
  place: 'rotation',
  says,
  advises: '',
  why: 'Somebody calls the function by hand.',
  testedBy: 'test/end-to-end/retirement.test.ts',
});

/** What the log of the function says. */
export const RETIREMENT: readonly Refusal[] = [
  refused("The event's Identities are not of their form"),
  refused("The event's Identities have a rotating key, whose care goes by its secret"),
  refused("The event's LogicalResourceId is missing, or not of its form"),
];
