// A DNS provider other than Route 53: its own name servers, changes visible at once.

export class DnsProvider {
  constructor(readonly name: string) {}

  /** Holds the domain from now on, and has it delegated to its name servers unless told otherwise. */
  async createZone(_domain: string, _options: { delegate?: boolean } = {}): Promise<{ nameServers: string[] }> {
    return { nameServers: [] };
  }

  deleteZone(_domain: string): void {}
  /** Values as in a zone file; a TXT value without quotes is taken as plain text and split into strings of 255 bytes. */
  set(_name: string, _type: string, _values: string[], _ttl = 300): void {}
  remove(_name: string, _type: string): void {}
}
