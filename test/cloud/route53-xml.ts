// The XML of Route 53's API: the change batch that comes in, and the answers and errors that go out.
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { HostedZoneInfo } from './hosted-zone';
import { ServiceError } from './service-error';

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';

const parser = new XMLParser({
  ignoreDeclaration: true,
  parseTagValue: false, // a TXT value or a selector that looks like a number is none
  trimValues: false,
  isArray: (name) => name === 'Change' || name === 'ResourceRecord',
});

const builder = new XMLBuilder({ ignoreAttributes: false, suppressEmptyNode: true });

/** What another service or the shared code calls an error, and what Route 53 calls it. */
const ERROR_CODES: Record<string, string> = {
  AccessDeniedException: 'AccessDenied',
  UnrecognizedClientException: 'InvalidClientTokenId',
};

/** A record set as it stands in XML: all text. */
interface XmlRecordSet {
  readonly [field: string]: unknown;
  readonly TTL?: string;
  readonly Weight?: string;
  readonly MultiValueAnswer?: string;
  readonly ResourceRecords?: { readonly ResourceRecord: { readonly Value: string }[] };
  readonly AliasTarget?: {
    readonly HostedZoneId: string;
    readonly DNSName: string;
    readonly EvaluateTargetHealth: string;
  };
}

export function parseChangeBatch(body: string): Change[] {
  const batch = readXml(body)?.ChangeResourceRecordSetsRequest?.ChangeBatch;
  if (!batch) {
    throw new ServiceError('MalformedInput', 400, 'ChangeBatch is not valid, expected ChangeResourceRecordSetsRequest');
  }
  const changes: { Action: Change['Action']; ResourceRecordSet: XmlRecordSet }[] = batch.Changes?.Change ?? [];
  return changes.map((each) => ({ Action: each.Action, ResourceRecordSet: parseRecordSet(each.ResourceRecordSet) }));
}

function readXml(body: string) {
  try {
    return parser.parse(body);
  } catch (error) {
    throw new ServiceError('MalformedInput', 400, (error as Error).message);
  }
}

function parseRecordSet(xml: XmlRecordSet): ResourceRecordSet {
  const { TTL, Weight, MultiValueAnswer, ResourceRecords, AliasTarget, ...rest } = xml;
  return {
    ...rest,
    ...TTL === undefined ? {} : { TTL: Number(TTL) },
    ...Weight === undefined ? {} : { Weight: Number(Weight) },
    ...MultiValueAnswer === undefined ? {} : { MultiValueAnswer: MultiValueAnswer === 'true' },
    ...ResourceRecords === undefined ? {} : { ResourceRecords: ResourceRecords.ResourceRecord },
    ...AliasTarget === undefined ? {} : {
      AliasTarget: { ...AliasTarget, EvaluateTargetHealth: AliasTarget.EvaluateTargetHealth === 'true' },
    },
  } as ResourceRecordSet;
}

interface RecordSetPage {
  readonly recordSets: readonly ResourceRecordSet[];
  readonly maxItems: number;
  readonly next?: ResourceRecordSet;
}

export function renderRecordSets(page: RecordSetPage): string {
  return build('ListResourceRecordSetsResponse', {
    ResourceRecordSets: {
      ResourceRecordSet: page.recordSets.map(({ ResourceRecords, ...rest }) => ({
        ...rest, ...ResourceRecords ? { ResourceRecords: { ResourceRecord: ResourceRecords } } : {},
      })),
    },
    IsTruncated: page.next !== undefined,
    MaxItems: page.maxItems,
    ...page.next ? { NextRecordName: page.next.Name, NextRecordType: page.next.Type } : {},
    ...page.next?.SetIdentifier ? { NextRecordIdentifier: page.next.SetIdentifier } : {},
  });
}

export interface ChangeStatus {
  readonly id: string;
  readonly status: 'PENDING' | 'INSYNC';
  readonly submittedAt: number;
}

export function renderChange(operation: 'ChangeResourceRecordSets' | 'GetChange', change: ChangeStatus): string {
  return build(`${operation}Response`, {
    ChangeInfo: {
      Id: `/change/${change.id}`, Status: change.status, SubmittedAt: new Date(change.submittedAt).toISOString(),
    },
  });
}

export function renderHostedZone(zone: HostedZoneInfo, recordSetCount: number): string {
  return build('GetHostedZoneResponse', {
    HostedZone: {
      Id: `/hostedzone/${zone.id}`,
      Name: zone.name,
      CallerReference: zone.id,
      Config: { PrivateZone: zone.privateZone },
      ResourceRecordSetCount: recordSetCount,
    },
    ...zone.privateZone ? { VPCs: { VPC: [{ VPCRegion: 'us-east-1', VPCId: 'vpc-00000000000000000' }] } }
      : { DelegationSet: { NameServers: { NameServer: zone.nameServers } } },
  });
}

/**
 * InvalidChangeBatch too comes in the common form, its messages as one list in brackets. The API reference still shows
 * a form of its own, which is no longer sent: https://github.com/awslabs/aws-sdk-kotlin/pull/1435
 */
export function renderRoute53Error(error: ServiceError): string {
  return build('ErrorResponse', {
    Error: {
      Type: error.status < 500 ? 'Sender' : 'Receiver',
      Code: ERROR_CODES[error.code] ?? error.code,
      Message: error.message,
    },
    RequestId: '00000000-0000-0000-0000-000000000000',
  });
}

function build(root: string, content: object): string {
  return `<?xml version="1.0"?>\n${builder.build({ [root]: { '@_xmlns': NAMESPACE, ...content } })}`;
}
