import { channelPaths } from './config/channel-paths.ts'
import type { Config } from './config/options.ts'

/** Renders the greeting of a gateway in development mode: its purpose, its addresses, and the next step. */
export function renderBanner(config: Config, ports: { readonly public: number; readonly internal: number }): string {
  const site = `localhost:${ports.public}`
  const { channel } = config
  const { socket, api } = channelPaths(config)
  const log =
    config.kafkaBrokers.length === 0
      ? 'an in-process log in place of Kafka (set KAFKA_BROKERS for a real one)'
      : `Kafka at ${config.kafkaBrokers.join(', ')}, topic ${config.kafkaTopic}`
  return `
  Carillon, channel ${channel}: delivers CloudEvents to exactly the right browsers.
  Development mode: keys are made at start, only this machine may connect. Events are in ${log}.

    Console     http://${site}/console
    WebSocket   ws://${site}${socket}   (subprotocol cloudevents.json)
    SSE         http://${site}${api}/events
    Emit API    http://${site}${api}/emit-message
    OpenAPI     http://${site}${api}/openapi.json
    Health      http://127.0.0.1:${ports.internal}/readyz   (/livez, /metrics)

  Next: open the console, then, in another terminal, send an event to everyone on the channel:

    curl -i http://${site}${api}/emit-message -d '{"type": "hello", "broadcast": true, "payload": {"title": "It works"}}'

  Ctrl-C stops it. All options: make start ARGS=--help

`
}

/** Renders the notice of a gateway in development mode that waits for Kafka; empty in production, where log lines show it. */
export function renderWait({ isDevelopment, kafkaBrokers, logLevel }: Config): string {
  if (!isDevelopment || logLevel === 'silent' || kafkaBrokers.length === 0) return ''
  return `
  Waiting for Kafka at ${kafkaBrokers.join(', ')}. \`make infra\` starts one on 127.0.0.1:9092. Without KAFKA_BROKERS, an in-process log takes its place.

`
}
