import { expect, test } from 'vitest'
import { natsWire } from './nats-wire.ts'

test('a publisher shows its token once, and follows each event with a PING', () => {
  expect(natsWire.greeting('secret')).toMatch(/^CONNECT \{"jwt":"secret",.*\}\r\n$/)
  expect(natsWire.textOf({ path: 'user.ann', headers: {}, body: '{"ü":1}' })).toBe('PUB user.ann 8\r\n{"ü":1}\r\nPING\r\n')
})

test('an event is taken when its PONG arrives, in however many pieces', () => {
  const first = natsWire.read('INFO {"max_payload":1048576}\r\nPO')
  expect(first).toEqual({ status: null, rest: 'PO', reply: '', isLast: false })
  expect(natsWire.read(`${first.rest}NG\r\n`)).toEqual({ status: 200, rest: '', reply: '', isLast: false })
})

test('a PING of the server is answered, with an event under way or without', () => {
  expect(natsWire.read('PING\r\n')).toEqual({ status: null, rest: '', reply: 'PONG\r\n', isLast: false })
  expect(natsWire.read('PING\r\nPONG\r\n')).toMatchObject({ status: 200, reply: 'PONG\r\n' })
})

test('an error of the server refuses the event, and ends the connection', () => {
  expect(natsWire.read("-ERR 'Authorization Violation'\r\n")).toMatchObject({ status: 400, isLast: true })
})
