import { expect, test } from 'vitest'
import { httpWire, isWhole } from './http-wire.ts'

test('an answer is complete when its body is', () => {
  expect(isWhole('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab')).toBe(false)
  expect(isWhole('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc')).toBe(true)
  expect(isWhole('HTTP/1.1 204 No Content\r\n\r\n')).toBe(true)
  expect(isWhole('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n')).toBe(false)
  expect(isWhole('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n')).toBe(true)
})

test('an answer gives its status, and says whether the connection stays', () => {
  const head = 'HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n'
  expect(httpWire.read(head)).toEqual({ status: null, rest: head, reply: '', isLast: false })
  expect(httpWire.read(`${head}\r\n`)).toEqual({ status: 202, rest: '', reply: '', isLast: false })
  expect(httpWire.read(`${head}Connection: close\r\n\r\n`)).toMatchObject({ status: 202, isLast: true })
})
