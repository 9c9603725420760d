// CloudFormation of the local cloud: what tests call.
export * from './stack';
