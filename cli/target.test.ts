import { describe, expect, it } from 'vitest'
import type { Given } from './command.ts'
import { readTarget, type Target, type targetFlags } from './target.ts'

const givenOf = (url: string, flags: Readonly<Record<string, string>> = {}): Given<keyof typeof targetFlags> => ({
  url,
  text: (name) => flags[name],
  texts: () => [],
  has: (name) => name in flags,
})

function addressesOf(url: string, flags: Readonly<Record<string, string>> = {}): readonly string[] {
  const target = readTarget(givenOf(url, flags))
  if (!target.ok) return [target.error]
  const { socket, events, emitMessage }: Target = target.value
  return [socket.href, events.href, emitMessage.href]
}

describe('the URL of a command', () => {
  it('may be a gateway alone: the channel is then the default', () => {
    expect(addressesOf('http://localhost:8000')).toEqual([
      'ws://localhost:8000/wss/chrome-service/v1/ws',
      'http://localhost:8000/api/chrome-service/v1/events',
      'http://localhost:8000/api/chrome-service/v1/emit-message',
    ])
  })

  it.each(['wss://host/wss/orders/v1/ws', 'https://host/api/orders/v1/events', 'https://host/api/orders/v1/emit-message'])(
    'may be the endpoint %s: the others follow from its channel',
    (url) => {
      expect(addressesOf(url)).toEqual([
        'wss://host/wss/orders/v1/ws',
        'https://host/api/orders/v1/events',
        'https://host/api/orders/v1/emit-message',
      ])
    },
  )

  it('takes the prefixes of the gateway', () => {
    expect(addressesOf('https://host', { 'socket-path-prefix': '/push', 'api-path-prefix': '/push-api' })).toEqual([
      'wss://host/push/v1/ws',
      'https://host/push-api/v1/events',
      'https://host/push-api/v1/emit-message',
    ])
  })
})
