import { afterAll, beforeAll } from 'vitest'
import { type ControlPlane, startControlPlane, type StartControlPlaneOptions } from './control-plane/control-plane.ts'
import { type StartedGateway, startGateway } from './processes/gateway-process.ts'
import { type KafkaBroker, startKafka, type StartKafkaOptions } from './kafka/kafka-broker.ts'

/** Starts a broker before the tests of a file or a `describe`, and stops it after them. It can be used in tests and in later hooks. */
export const useKafka = (options: StartKafkaOptions = {}): KafkaBroker =>
  useStarted(
    'broker',
    () => startKafka(options),
    (broker) => broker.stop(),
  )

/** Starts a control plane before the tests of a file or a `describe`, and stops it after them. It can be used in tests and in later hooks. */
export const useControlPlane = (options: StartControlPlaneOptions = {}): ControlPlane =>
  useStarted(
    'control plane',
    () => startControlPlane(options),
    (controlPlane) => controlPlane.stop(),
  )

/** Starts a gateway on a free port before the tests of a file or a `describe`, and ends it after them. @param env options, as a user would set them */
export const useGateway = (env: Readonly<Record<string, string>> = {}): StartedGateway =>
  useStarted(
    'gateway',
    () => startGateway(0, env),
    (gateway) => gateway.kill(),
  )

/** Returns a stand-in that passes every access on to what `start` made. @throws on access before `start` has resolved */
export function useStarted<Started extends object>(
  name: string,
  start: () => Promise<Started>,
  stop: (started: Started) => Promise<unknown> | void,
): Started {
  let started: Started | null = null
  beforeAll(async () => {
    started = await start()
  })
  afterAll(() => (started === null ? undefined : stop(started)))
  const access = (property: string | symbol): unknown => {
    if (started === null) throw new Error(`the ${name} has not started; use it in a test or in a hook that comes later`)
    return Reflect.get(started, property)
  }
  return new Proxy({}, { get: (_, property) => access(property) }) as Started // every read goes to `started`
}
