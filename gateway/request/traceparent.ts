/** Position of a span in a trace: the content of a W3C `traceparent` without its version. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** Parent of the next span: 16 lower-case hexadecimal digits, not all zero. */
  readonly spanId: string
  readonly isSampled: boolean
}

const version00Length = 55
const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s
const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)

/**
 * Reads a `traceparent` as strictly as W3C Trace Context, section 3.2. Returns null for a malformed one: there is no parent then.
 *
 * Reads the beginning of a later version as version 00 (section 4.3). It may be longer, but only after another dash.
 */
export function parseTraceparent(text: string): TraceContext | null {
  if (text.length < version00Length || text.length > 512) return null
  const [, version, traceId, spanId, flags, rest] = shape.exec(text) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return null
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null
  if (traceId === noTrace || spanId === noSpan) return null
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Writes version 00. Passes on only the flag "sampled"; the others are zero (section 3.2.2.5). */
export const formatTraceparent = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
