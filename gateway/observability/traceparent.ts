/** Where a span stands: what a W3C `traceparent` says, without its version. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits, not all zero: the parent of whatever begins next. */
  readonly spanId: string
  readonly isSampled: boolean
}

const version00Length = 55
const shape = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s
const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)

/**
 * Reads a `traceparent` as strictly as W3C Trace Context, section 3.2, says; null is no parent. Versions to come are read as version
 * 00 as far as it goes (section 4.3): they may be longer, but only behind another dash.
 */
export function parseTraceparent(text: string): TraceContext | null {
  if (text.length < version00Length || text.length > 512) return null
  const [, version, traceId, spanId, flags, rest] = shape.exec(text) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return null
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null
  if (traceId === noTrace || spanId === noSpan) return null
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** Version 00. Of the flags only "sampled" is ours to pass on; the others are zero, as section 3.2.2.5 asks. */
export const formatTraceparent = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
