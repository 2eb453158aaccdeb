import { describe, expect, it } from 'vitest'
import { readMarks } from '../load/marks.ts'
import { carillon } from './carillon.ts'
import { centrifugo } from './centrifugo.ts'
import type { DialectClient, PublishedEvent, Wire } from './dialect.ts'
import { nats } from './nats.ts'
import { nchan, nchanEventSource } from './nchan.ts'
import { bare, plain } from './plain.ts'
import { socketio } from './socketio.ts'

const identity = { user: 'ann', token: 'token', natsToken: 'nats-token' }
const event: PublishedEvent = { number: 7, data: '{"a":1}', user: null, mayRepeat: false }
const mark = (number: number): string => `{"mark":"${String(number).padStart(8, '0')}@0000000000000001"}`

interface Heard {
  readonly sent: string[]
  readonly events: number[]
  readonly failures: string[]
  ready: number
}

function createWire(): { readonly wire: Wire; readonly heard: Heard } {
  const heard: Heard = { sent: [], events: [], failures: [], ready: 0 }
  const wire: Wire = {
    send: (text) => void heard.sent.push(text),
    ready: () => void (heard.ready += 1),
    events: (bytes, start, end) => readMarks(bytes, start, end, (number) => void heard.events.push(number)),
    fail: (reason) => void heard.failures.push(reason),
  }
  return { wire, heard }
}

/** Messages that lie in a buffer, between others. */
function tell(client: DialectClient, wire: Wire, text: string): void {
  const bytes = Buffer.from(`xx${text}yy`)
  client.message(wire, bytes, 2, bytes.length - 2)
}

describe('Carillon', () => {
  it('is ready at once without a cursor, and with one after `resumed`', () => {
    const { wire, heard } = createWire()
    carillon.client(identity, false).opened(wire)
    expect(heard.ready).toBe(1)
    const client = carillon.client(identity, true)
    client.opened(wire)
    expect(heard.ready).toBe(1)
    tell(client, wire, '{"type":"dev.carillon.resumed","cursor":"c0"}')
    expect(heard.ready).toBe(2)
  })

  it('is ready after a gap in place of `resumed`, but not after one that comes later', () => {
    const { wire, heard } = createWire()
    const client = carillon.client(identity, true)
    tell(client, wire, '{"type":"dev.carillon.gap","cursor":"c0","data":{"reason":"epoch","session":"s1"}}')
    expect(heard.ready).toBe(1)
    tell(client, wire, '{"type":"dev.carillon.gap","cursor":"c1","data":{"reason":"too-slow"}}')
    expect(heard.ready).toBe(1)
  })

  it('comes back with the ticket that it got', () => {
    const { wire } = createWire()
    const client = carillon.client(identity, true)
    tell(client, wire, '{"type":"dev.carillon.resumed","cursor":"c0","data":{"session":"s1","ticket":"t1"}}')
    expect(client.request().path).toBe('/wss/bench/v1/ws?cursor=c0&ticket=t1')
  })

  it('comes back with the cursor of the last event', () => {
    const { wire, heard } = createWire()
    const client = carillon.client(identity, true)
    expect(client.request().path).toBe('/wss/bench/v1/ws?cursor=latest')
    tell(client, wire, `{"data":${mark(1)},"cursor":"c1"}`)
    tell(client, wire, `{"data":${mark(2)},"cursor":"c2"}`)
    expect(client.request()).toMatchObject({ path: '/wss/bench/v1/ws?cursor=c2', headers: { authorization: 'Bearer token' } })
    expect(heard.events).toEqual([1, 2])
  })

  it('publishes to all users or to one', () => {
    expect(JSON.parse(carillon.publish(event, 'key').body)).toEqual({
      id: '7',
      type: 'com.example.bench',
      broadcast: true,
      payload: { a: 1 },
    })
    expect(JSON.parse(carillon.publish({ ...event, user: 'ann' }, 'key').body)).toMatchObject({ users: ['ann'] })
    expect(carillon.record?.({ ...event, user: 'ann' })).toMatchObject({
      value: event.data,
      headers: { ce_id: '7', ce_audience: '{"users":["ann"]}' },
    })
  })
})

describe('Centrifugo', () => {
  const connected = '{"id":1,"connect":{"subs":{"all":{"epoch":"e","offset":3}}}}'

  it('sends its token, is ready when that is accepted, and answers pings', () => {
    const { wire, heard } = createWire()
    const client = centrifugo.client(identity, false)
    client.opened(wire)
    expect(JSON.parse(heard.sent[0] ?? '')).toEqual({ id: 1, connect: { token: 'token' } })
    tell(client, wire, connected)
    tell(client, wire, '{}')
    expect(heard).toMatchObject({ ready: 1, sent: [expect.anything(), '{}'] })
  })

  it('reads joined messages, pings among them', () => {
    const { wire, heard } = createWire()
    const client = centrifugo.client(identity, false)
    tell(client, wire, `{"push":{"channel":"all","pub":{"data":${mark(1)}}}}\n{}\n{"push":{"channel":"all","pub":{"data":${mark(2)}}}}`)
    expect(heard).toMatchObject({ events: [1, 2], sent: ['{}'] })
  })

  it('comes back with the position of each channel', () => {
    const { wire, heard } = createWire()
    const client = centrifugo.client(identity, true)
    tell(client, wire, connected)
    tell(client, wire, `{"push":{"channel":"all","pub":{"data":${mark(1)},"offset":4}}}`)
    client.opened(wire)
    expect(JSON.parse(heard.sent[0] ?? '')).toMatchObject({ connect: { subs: { all: { recover: true, epoch: 'e', offset: 4 } } } })
    tell(
      client,
      wire,
      `{"id":1,"connect":{"subs":{"all":{"epoch":"e","recovered":true,"publications":[{"data":${mark(2)},"offset":5},{"data":${mark(3)},"offset":6}]}}}}`,
    )
    client.opened(wire)
    expect(JSON.parse(heard.sent[1] ?? '')).toMatchObject({ connect: { subs: { all: { offset: 6 } } } })
    expect(heard.events).toEqual([1, 2, 3])
  })

  it('fails when the server refuses it', () => {
    const { wire, heard } = createWire()
    tell(centrifugo.client(identity, false), wire, '{"id":1,"error":{"code":109,"message":"token expired"}}')
    expect(heard).toMatchObject({ failures: ['token expired'], ready: 0 })
  })

  it('publishes to the common channel or the personal one, with a key only where it may repeat', () => {
    expect(JSON.parse(centrifugo.publish(event, 'key').body)).toEqual({ channel: 'all', data: { a: 1 } })
    expect(JSON.parse(centrifugo.publish({ ...event, user: 'ann', mayRepeat: true }, 'key').body)).toEqual({
      channel: 'personal:#ann',
      idempotency_key: '7',
      data: { a: 1 },
    })
  })
})

describe('Socket.IO', () => {
  it('connects after the transport is open, answers pings, and reads events', () => {
    const { wire, heard } = createWire()
    const client = socketio.client(identity, false)
    tell(client, wire, '0{"sid":"s","pingInterval":25000}')
    tell(client, wire, '40{"sid":"t","pid":"p"}')
    tell(client, wire, '2')
    tell(client, wire, `42["event",${mark(1)},"offset"]`)
    expect(heard).toMatchObject({ sent: ['40{"token":"token"}', '3'], ready: 1, events: [1] })
  })

  it('comes back with its session and the offset of the last event', () => {
    const { wire, heard } = createWire()
    const client = socketio.client(identity, true)
    tell(client, wire, '40{"sid":"t","pid":"p"}')
    tell(client, wire, '0{"sid":"s"}')
    tell(client, wire, `42["event",${mark(1)},"o1"]`)
    tell(client, wire, '0{"sid":"s"}')
    expect(heard.sent).toEqual(['40{"token":"token"}', '40{"token":"token","pid":"p","offset":"o1"}'])
  })

  it('fails when the server refuses it', () => {
    const { wire, heard } = createWire()
    tell(socketio.client(identity, false), wire, '44{"message":"unauthorized"}')
    expect(heard).toMatchObject({ failures: ['44{"message":"unauthorized"}'], ready: 0 })
  })
})

describe('the plain dialect', () => {
  it('is ready once it is open, and sends its user to the floor', () => {
    const { wire, heard } = createWire()
    plain.client(identity, false).opened(wire)
    bare.client(identity, false).opened(wire)
    expect(heard).toMatchObject({ ready: 2, sent: ['ann'] })
    expect(plain.publish({ ...event, user: 'ann' }, 'key')).toMatchObject({ path: '/publish?user=ann', body: event.data })
  })
})

describe('NATS', () => {
  const hello = 'INFO {"server_id":"N"}\r\n'
  const publication = (number: number): string => `MSG all 1 ${mark(number).length}\r\n${mark(number)}\r\n`

  it('shows its token after the greeting, subscribes, and is ready when the server has answered', () => {
    const { wire, heard } = createWire()
    const client = nats.client(identity, false)
    client.opened(wire)
    expect(heard.sent).toEqual([])
    tell(client, wire, hello)
    tell(client, wire, hello)
    expect(heard.sent).toEqual([expect.stringMatching(/^CONNECT \{"jwt":"nats-token",.*\}\r\nSUB all 1\r\nSUB user\.ann 2\r\nPING\r\n$/)])
    expect(heard.ready).toBe(0)
    tell(client, wire, 'PONG\r\n')
    tell(client, wire, 'PING\r\n')
    expect(heard).toMatchObject({ ready: 1, sent: [expect.anything(), 'PONG\r\n'] })
  })

  it('reads events however frames cut them', () => {
    const stream = `${publication(1)}PING\r\n${publication(2)}`
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const { wire, heard } = createWire()
      const client = nats.client(identity, false)
      client.opened(wire)
      tell(client, wire, stream.slice(0, cut))
      tell(client, wire, stream.slice(cut))
      expect(heard).toMatchObject({ events: [1, 2], sent: ['PONG\r\n'] })
    }
  })

  it('forgets the rest of a cut event when it connects again', () => {
    const { wire, heard } = createWire()
    const client = nats.client(identity, false)
    client.opened(wire)
    tell(client, wire, publication(1).slice(0, 20))
    client.opened(wire)
    tell(client, wire, publication(2))
    expect(heard.events).toEqual([2])
  })

  it('fails when the server refuses it', () => {
    const { wire, heard } = createWire()
    const client = nats.client(identity, false)
    client.opened(wire)
    tell(client, wire, "-ERR 'Authorization Violation'\r\n")
    expect(heard).toMatchObject({ failures: ["-ERR 'Authorization Violation'"], ready: 0 })
  })

  it('publishes to a subject for all users, or to that of one', () => {
    expect(nats.publish(event, 'key')).toEqual({ path: 'all', headers: {}, body: event.data })
    expect(nats.publish({ ...event, user: 'ann' }, 'key').path).toBe('user.ann')
  })
})

describe('nchan', () => {
  it('is ready once its WebSocket is open, and asks for ids only where it resumes', () => {
    const { wire, heard } = createWire()
    const client = nchan.client(identity, false)
    expect(client.request()).toEqual({ path: '/ws', headers: { authorization: 'Bearer token' }, subprotocol: null })
    client.opened(wire)
    tell(client, wire, mark(1))
    expect(heard).toMatchObject({ ready: 1, events: [1] })
    expect(client.request().path).toBe('/ws')
  })

  it('comes back with the id of the last message', () => {
    const { wire, heard } = createWire()
    const client = nchan.client(identity, true)
    expect(client.request().subprotocol).toBe('ws+meta.nchan')
    tell(client, wire, `id: 17:[0],-\ncontent-type: application/json\n\n${mark(1)}`)
    tell(client, wire, `id: 17:0,[3]\ncontent-type: application/json\n\n${mark(2)}`)
    expect(client.request().path).toBe('/ws?last_event_id=17:0,[3]')
    expect(heard.events).toEqual([1, 2])
  })

  it('is ready as an event stream when it is greeted, and comes back with the last id', () => {
    const { wire, heard } = createWire()
    const client = nchanEventSource.client(identity, true)
    expect(client.request()).toEqual({ path: '/events', headers: { authorization: 'Bearer token' }, isEventStream: true })
    client.opened(wire)
    expect(heard.ready).toBe(0)
    tell(client, wire, ': hi')
    tell(client, wire, `id: 17:[0],-\ndata: ${mark(1)}`)
    expect(heard).toMatchObject({ ready: 1, events: [1] })
    expect(client.request().headers).toMatchObject({ 'last-event-id': '17:[0],-' })
  })

  it('publishes to the channel of all users, or to that of one', () => {
    expect(nchan.publish(event, 'key')).toMatchObject({
      path: '/publish?to=all',
      headers: { authorization: 'Bearer key' },
      body: event.data,
    })
    expect(nchanEventSource.publish({ ...event, user: 'ann' }, 'key').path).toBe('/publish?to=user:ann')
  })
})
