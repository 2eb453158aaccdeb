import { expect, vi } from 'vitest'
import type { TestGateway } from '../../../gateway/testing/test-gateway.ts'
import type { CommandResult } from './user-project.ts'

/** Uses all of the client's types, right and wrong. */
export const typedClientProgram = `
import { connect, type CloudEvent, type Connection, type ConnectOptions } from '@carillon/client'
import { connect as connectToSend, SendError, type SendingConnection } from '@carillon/client/send'
import { connect as connectToShare } from '@carillon/client/share'
import { createMemoryGateway } from '@carillon/client/testing'
const seen: CloudEvent[] = []
const options: ConnectOptions = { channel: 'news', base: 'https://example.com', onEvent: (event) => seen.push(event) }
const connection: Connection = connect(options)
export const cursor: string | null = connection.cursor
interface Events { 'order.shipped': { order: string } }
const memory = createMemoryGateway<Events>()
const typed = connect<Events>({ channel: 'news', onEvent: (event) => typed.close(), ...memory.options })
export const remove: () => void = typed.on('order.shipped', ({ data }) => memory.emit('order.shipped', { order: data.order.trim() }))
// @ts-expect-error -- no such type of events
typed.on('order.ship', () => {})
// @ts-expect-error -- not the data of this type
memory.emit('order.shipped', { order: 7 })
// @ts-expect-error -- no such option
connect({ channel: 'news', onevent: () => {} })
const sending: SendingConnection<Events, { 'note': string }> = connectToSend<Events, { 'note': string }>({ channel: 'news', ...memory.options })
export const sent: Promise<void> = sending.send('note', 'hi', { id: '1', subject: 'x' })
// @ts-expect-error -- not the data of this type
void sending.send('note', 7)
export const shared: Connection = connectToShare({ channel: 'news', share: true, user: 'ann', filters: [{ exact: { type: 'a' } }] })
export const isRefused = (error: unknown): boolean => error instanceof SendError && error.type.endsWith('forbidden')
`

/** Uses all of the types for React, right and wrong. */
export const typedReactProgram = `
import { createElement, type ReactNode } from 'react'
import { createCarillon, CarillonProvider, useConnection, useEvents, type CarillonProviderProps, type ConnectionView } from '@carillon/react'
interface Events { 'order.shipped': { order: string }; 'note.added': string }
const orders = createCarillon<Events>()
const props: CarillonProviderProps<Events> = { channel: 'orders', user: null, token: undefined, onEvent: ({ type }) => type }
export function Page(): ReactNode {
  const { state, reconnect }: ConnectionView = useConnection()
  useEvents(['a', 'b'], ({ data }) => data)
  orders.useEvents(['order.shipped', 'note.added'], (event) => (event.type === 'note.added' ? event.data.trim() : event.data.order))
  // @ts-expect-error -- no such type of events
  orders.useEvents('order.ship', () => {})
  // @ts-expect-error -- no such prop
  const wrong = createElement(CarillonProvider, { chanel: 'news' })
  return createElement(orders.CarillonProvider, props, state.kind === 'closed' ? state.reason : reconnect.name, wrong)
}
`

/** Makes a channel and a class, and prints what the app's other parts need. */
export const channelProgram = `
import { App, Chart } from 'cdk8s'
import { RealtimeChannel, RealtimeChannelClass } from '@carillon/cdk8s'
const chart = new Chart(new App(), 'app', { namespace: 'shop' })
const { className } = new RealtimeChannelClass(chart, 'edge', { metadata: { name: 'edge' } })
const channel = new RealtimeChannel(chart, 'news', { metadata: { name: 'news' }, className, route: { host: 'live.example.com', tls: {} } })
console.log(channel.topicName, channel.socketUrl, chart.toJson().length)
`

/** Returns a program that prints the data of its first event and the transport, and ends. It needs `connect`. */
export const receiverProgram = (gateway: TestGateway, token: string): string => `
const connection = connect({
  base: '${gateway.url}', channel: 'chrome-service', token: () => '${token}',
  onEvent: (event) => { console.log(event.data + ' by ' + connection.state.transport); connection.close() },
})
`

/** Runs a program, and emits to the user u1 until it ends. @returns what it printed */
export async function runReceiver(gateway: TestGateway, run: () => Promise<CommandResult>): Promise<string> {
  let result: string | null = null
  void run().then(({ output }) => (result = output))
  await vi.waitFor(
    async () => {
      await gateway.emit({ type: 'for.the.package', users: ['u1'], payload: 'hello' })
      expect(result).not.toBeNull()
    },
    { timeout: 50_000, interval: 200 },
  )
  return String(result)
}
