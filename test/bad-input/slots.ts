// Bad input: a rotating key whose domain has its DNS elsewhere.
import { Duration, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { dkim, zone } from './app';
import { Refusal } from './refusal';
import { DkimSigning } from '../../src';

type Some = Record<string, unknown>;

const keysZone = (stack: Stack, zoneName = 'keys.example.net') =>
  route53.HostedZone.fromHostedZoneAttributes(stack, 'Keys', { hostedZoneId: 'Z0KEYS', zoneName });

const inSlots = (options: (stack: Stack) => Some = () => ({}), props: (stack: Stack) => Some = () => ({})) =>
  dkim((stack) => ({
    ...props(stack), signing: DkimSigning.rotatingByoDkim({ delegatedTo: keysZone(stack), ...options(stack) }),
  }));

const LONG_ZONE = `${Array.from({ length: 3 }, () => 'z'.repeat(57)).join('.')}.example.net`;

export const SLOTS_AT_SYNTHESIS: readonly Refusal[] = [
  {
    place: 'synthesis',
    says: "hostedZone and delegatedTo are both given for 'example.com'",
    advises: 'Where hostedZone holds the domain, leave delegatedTo out; where its DNS is elsewhere, leave hostedZone out',
    why: 'The records are in one zone: that of the domain, or one that CNAMEs lead to.',
    atSynthesis: [{ title: 'delegatedTo: with a hostedZone', build: inSlots(undefined, (stack) => ({ hostedZone: zone(stack) })) }],
  },
  {
    place: 'synthesis',
    says: 'delegatedTo is {kind}',
    advises: 'Pass a hosted zone, for example of HostedZone.fromHostedZoneAttributes()',
    why: 'A name or an id alone is no hosted zone.',
    atSynthesis: [{
      title: 'delegatedTo: a text', parts: { kind: 'a string' }, build: inSlots(() => ({ delegatedTo: 'keys.example.net' })),
    }],
  },
  {
    place: 'synthesis',
    says: "delegatedTo is the hosted zone '{zone}', whose name is not known in this app",
    advises: 'Import it with its name: HostedZone.fromHostedZoneAttributes()',
    why: 'The CNAMEs have the name of the zone at their end, and you publish them before anything is deployed.',
    atSynthesis: [{
      title: 'delegatedTo: imported by its id',
      parts: { zone: 'Z0KEYS' },
      build: inSlots((stack) => ({ delegatedTo: route53.HostedZone.fromHostedZoneId(stack, 'ById', 'Z0KEYS') })),
    }],
  },
  {
    place: 'synthesis',
    says: "delegatedTo is the hosted zone of '{name}', and has to be that of a domain of at least two labels, in lower case, with letters, "
      + 'digits and hyphens',
    advises: '',
    why: 'The names of the records end with the domain, and then the name of the zone.',
    atSynthesis: ['Keys.example.net', '_domainkey.example.com'].map((name) => ({
      title: `delegatedTo: ${name}`,
      parts: { name },
      build: inSlots((stack) => ({ delegatedTo: route53.HostedZone.fromHostedZoneAttributes(stack, 'Odd', { hostedZoneId: 'Z0', zoneName: name }) })),
    })),
  },
  {
    place: 'synthesis',
    says: "delegatedTo is the hosted zone of '{name}', so the name of the registry record of 'example.com' there would have {length} "
      + 'characters, and DNS takes 253',
    advises: 'Give a zone with a shorter name',
    why: 'The names of the records end with the domain, and then the name of the zone.',
    atSynthesis: [{
      title: 'delegatedTo: a zone with a long name',
      parts: { name: LONG_ZONE, length: '254' },
      build: inSlots((stack) => ({
        delegatedTo: route53.HostedZone.fromHostedZoneAttributes(stack, 'Long', { hostedZoneId: 'Z0', zoneName: LONG_ZONE }),
      })),
    }],
  },
  {
    place: 'synthesis',
    says: 'interval is {days} days, and overlap {overlap}. With delegatedTo there are two selectors, and each holds its key until the '
      + 'overlap is over',
    advises: 'Give a longer interval, or a shorter overlap',
    why: 'Otherwise there would be no free selector for a third key.',
    atSynthesis: [
      {
        title: 'delegatedTo: interval and the default overlap',
        parts: { days: '14', overlap: '14' },
        build: inSlots(() => ({ interval: Duration.days(14) })),
      },
      {
        title: 'delegatedTo: interval and overlap',
        parts: { days: '30', overlap: '30' },
        build: inSlots(() => ({ interval: Duration.days(30), overlap: Duration.days(30) })),
      },
      {
        title: 'delegatedTo: the default interval and overlap',
        parts: { days: 'by default 181', overlap: '200' },
        build: inSlots(() => ({ overlap: Duration.days(200) })),
      },
    ],
  },
  {
    place: 'synthesis',
    says: 'recordTtl is {seconds} seconds, and with delegatedTo at most 900: a selector is used again, when resolvers have forgotten its '
      + 'key',
    advises: 'Give a shorter one, or leave recordTtl out',
    why: 'A rotation waits until resolvers have forgotten the old key. A step of it can take a quarter of an hour.',
    atSynthesis: [{
      title: 'delegatedTo: recordTtl',
      parts: { seconds: '3600' },
      build: inSlots(undefined, () => ({ recordTtl: Duration.hours(1) })),
    }],
  },
];

export const SLOTS: readonly Refusal[] = [
  {
    place: 'public-dns',
    says: 'Public DNS does not lead to the keys of {domain} yet. {said}. Signing was not touched',
    advises: 'Publish both at the DNS provider of {domain}, once and for good: {cnames}',
    why: 'With `delegatedTo` two CNAMEs lead into the zone with the keys, and SES is told only when public DNS has both. '
      + '[A key behind CNAMEs](other-dns.md#a-key-that-rotates-behind-two-cnames) says how to publish them before. A rotation says the same '
      + 'when one is missing.',
    testedBy: 'test/end-to-end/delegated-key.test.ts',
  },
  {
    place: 'public-dns',
    says: 'The CNAMEs of {domain} lead to the zone of its keys, and its public name servers do not answer TXT {name}: {said}. Signing was '
      + 'not touched',
    advises: 'Is {zone} the zone that {place} is delegated to? Compare its name servers with those at the registrar',
    why: 'The CNAMEs are right, but the zone that they lead to is not the one on the public name servers.',
    testedBy: 'test/end-to-end/delegated-key.test.ts',
  },
  {
    place: 'records',
    says: 'Another stack, or the same domain in another Region, has its keys in the slots {slots} of {domain} in the hosted zone {zone}',
    advises: 'Give the key another selectorPrefix, and publish the CNAMEs of its slots',
    why: 'Two keys take turns in two selectors. There is none for a third key.',
    testedBy: 'test/end-to-end/delegated-changes.test.ts',
  },
  {
    place: 'records',
    says: 'The slots {slots} of {domain} in the hosted zone {zone} both hold keys that mail may need: {times}',
    advises: 'Deploy again after that, or give the key another selectorPrefix',
    why: 'The stack signed with these keys before, and their overlap is not over. `for good` means a key that was retained.',
    testedBy: 'test/end-to-end/delegated-changes.test.ts',
  },
  {
    place: 'records',
    says: 'By the SOA record or a wildcard of the hosted zone {zone}, resolvers may remember for {seconds} seconds that a slot had no key, '
      + 'and SES is told of a key in a slot after 900 seconds',
    advises: 'Nothing was changed. Give that record a TTL of 900 seconds',
    why: 'Somebody has changed the SOA record of the zone with the keys, or a wildcard TXT or CNAME there has a longer TTL. '
      + 'Mail would fail where a resolver does not know the key yet.',
    testedBy: 'test/lambda/signing/slot.test.ts',
  },
  {
    place: 'rotation',
    says: 'SES signs {domain} with the selector {slot}, and the key of this secret has another one',
    advises: 'Nothing was changed. Deploy the stack again with a change of the construct, so that it says how the domain is signed',
    why: 'Somebody has told SES to use the key before this one.',
    testedBy: 'test/end-to-end/delegated-changes.test.ts',
  },
  {
    place: 'rotation',
    says: 'The slot {slot} of {domain} holds the key before this one, for mail that is still on its way, until {time}',
    advises: 'Rotate again after that. If the current key has leaked, revoke the one before it now, which makes the mail that was signed '
      + 'with it fail, and rotate again',
    why: '[A key has leaked](rotation.md#a-key-has-leaked) has the command.',
    testedBy: 'test/end-to-end/delegated-key.test.ts',
  },
  {
    place: 'rotation',
    says: 'The next key is published in the slot {slot}, and resolvers may remember for 15 minutes what was there before',
    advises: 'SES was not told of it yet. Secrets Manager tries again',
    why: 'This is no fault. Mail would fail if a resolver does not know its key yet.',
    testedBy: 'test/end-to-end/delegated-key.test.ts',
  },
];
