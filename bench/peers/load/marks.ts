/**
 * Content of an event of the benchmark: its number and the moment when it was due to leave. Both are in a mark of fixed width that is found
 * in any server's envelope without parsing it.
 */
export interface Mark {
  readonly number: number
  /** Time of the machine's monotonic clock (`nowMs`). */
  readonly atMs: number
}

const prefix = '"mark":"'
const needle = Buffer.from(prefix)
const numberDigits = 8
const microsDigits = 16
const markBytes = prefix.length + numberDigits + 1 + microsDigits

/** Returns the data of an event: JSON of exactly `bytes` bytes. @throws RangeError when the size is too small for the mark */
export function dataOf({ number, atMs }: Mark, bytes: number): string {
  const digits = `${String(number).padStart(numberDigits, '0')}@${String(Math.round(atMs * 1000)).padStart(microsDigits, '0')}`
  const bare = `{${prefix}${digits}","fill":""}`
  if (bytes < bare.length) throw new RangeError(`an event has ${bare.length} bytes at least`)
  return `${bare.slice(0, -2)}${'x'.repeat(bytes - bare.length)}"}`
}

/** Finds the marks between `start` and `end`; several when a server joins messages. */
export function readMarks(bytes: Buffer, start: number, end: number, onMark: (number: number, atMs: number) => void): void {
  // The search ends with the message: the buffer is far larger, and searching all of it would cost more than receiving.
  const message = bytes.subarray(start, end)
  let at = message.indexOf(needle)
  while (at >= 0 && at + markBytes <= message.length) {
    const digitsAt = at + prefix.length
    onMark(readDigits(message, digitsAt, numberDigits), readDigits(message, digitsAt + numberDigits + 1, microsDigits) / 1000)
    at = message.indexOf(needle, at + markBytes)
  }
}

function readDigits(bytes: Buffer, at: number, digits: number): number {
  let value = 0
  for (let index = at; index < at + digits; index += 1) value = value * 10 + (bytes[index] ?? 48) - 48
  return value
}
