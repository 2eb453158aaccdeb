import type { PublishRequest, PublishWire } from '../dialects/dialect.ts'

/** Posts over HTTP/1.1. It reads the status of an answer and skips the rest. */
export const httpWire: PublishWire = {
  greeting: () => '',
  textOf,
  read: (text) => {
    if (!isWhole(text)) return { status: null, rest: text, reply: '', isLast: false }
    return { status: Number(text.slice(9, 12)), rest: '', reply: '', isLast: /^connection: close/im.test(text) }
  },
}

function textOf({ path, headers, body }: PublishRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** Returns true when an answer with its body is complete. */
export function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n')
  if (end < 0) return false
  const head = answer.slice(0, end)
  if (/^transfer-encoding: chunked/im.test(head)) return answer.endsWith('0\r\n\r\n')
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  return answer.length >= end + 4 + length
}
