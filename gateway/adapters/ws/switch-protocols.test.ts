import { expect, test } from 'vitest'
import { switchProtocols } from './switch-protocols.ts'

test("answers the RFC's own example of a key (RFC 6455, section 1.3)", () => {
  expect(switchProtocols('dGhlIHNhbXBsZSBub25jZQ==', { subprotocol: 'chat', extensions: null }).split('\r\n')).toEqual([
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    'Sec-WebSocket-Protocol: chat',
    '',
    '',
  ])
})

test('names no subprotocol when none is chosen', () => {
  expect(switchProtocols('dGhlIHNhbXBsZSBub25jZQ==', { subprotocol: null, extensions: null })).not.toContain('Protocol:')
})

test('names the extensions that are agreed on', () => {
  const head = switchProtocols('dGhlIHNhbXBsZSBub25jZQ==', { subprotocol: null, extensions: 'permessage-deflate' })
  expect(head.split('\r\n')).toContain('Sec-WebSocket-Extensions: permessage-deflate')
})
