import { describe, expect, it } from 'vitest'
import { brokerName, parseBroker } from './broker-address.ts'

describe('a broker address', () => {
  it.each([
    ['kafka-0:9092', { host: 'kafka-0', port: 9092 }],
    ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
    ['[::1]:9092', { host: '::1', port: 9092 }],
  ])('is read from %s and written the same', (text, address) => {
    expect(parseBroker(text)).toEqual(address)
    expect(brokerName(address)).toBe(text)
  })

  it.each(['::1:9092', 'kafka', '[::1]', 'kafka:', ':9092', ''])('is not read from %j', (text) => {
    expect(() => parseBroker(text)).toThrow('[::1]:9092')
  })
})
