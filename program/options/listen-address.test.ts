import { describe, expect, test } from 'vitest'
import { describeAddress, listenAddress } from './listen-address.ts'

describe('an address to listen on', () => {
  test('names no host when none is given, so that Node.js takes IPv6 and IPv4', () => {
    expect(listenAddress({ host: '', port: 8000 })).toEqual({ port: 8000 })
    expect(listenAddress({ host: '::1', port: 8000 })).toEqual({ host: '::1', port: 8000 })
  })

  test.each([
    ['', 'port 8000 of all addresses'],
    ['10.0.0.1', '10.0.0.1:8000'],
    ['::1', '[::1]:8000'],
    ['gateway.local', 'gateway.local:8000'],
  ])('of the host %j is named as %s in an error', (host, words) => {
    expect(describeAddress({ host, port: 8000 })).toBe(words)
  })
})
