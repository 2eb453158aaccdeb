/** What the core alone (`bench/subjects/scan.ts`) is asked. Each call reads so many records of the same kind, or a few more. */
export interface ScanCalls extends Record<string, (parameter: never) => unknown> {
  /** Through a new channel: decoded, kept, and found to concern nobody. */
  scan(parameter: { readonly records: number }): Promise<ScanCost>
  /** With JSON.parse of the value, and nothing else. */
  parseValues(parameter: { readonly records: number }): Promise<ScanCost>
  /** With the CloudEvents SDK. */
  sdk(parameter: { readonly records: number }): Promise<ScanCost>
}

export interface ScanCost {
  readonly records: number
  /** Of all threads, user and system, in microseconds. */
  readonly cpuMicros: number
}
