import { describe, expect, it } from 'vitest'
import { channelPaths } from './channel-paths.ts'

describe('the paths of a channel', () => {
  it('have its name in them when no prefixes are given', () => {
    expect(channelPaths({ channel: 'orders', socketPathPrefix: '', apiPathPrefix: '' })).toEqual({
      socketPrefix: '/wss/orders',
      apiPrefix: '/api/orders',
      socket: '/wss/orders/v1/ws',
      api: '/api/orders/v1',
    })
  })

  it('begin with the prefixes of SOCKET_PATH_PREFIX and API_PATH_PREFIX', () => {
    expect(channelPaths({ channel: 'orders', socketPathPrefix: '/team-a/wss/orders', apiPathPrefix: '' })).toMatchObject({
      socket: '/team-a/wss/orders/v1/ws',
      api: '/api/orders/v1',
    })
    expect(channelPaths({ channel: 'orders', socketPathPrefix: '', apiPathPrefix: '/team-a' })).toMatchObject({
      socket: '/wss/orders/v1/ws',
      api: '/team-a/v1',
    })
  })
})
