import { errorOfCode } from '../../kafka-error.ts'
import { decodesThrottled, negotiate, type Api, type VersionedBroker, type WireRequest } from '../wire-request.ts'
import { WireWriter } from '../wire-writer.ts'
import type { BrokerAddress } from '../broker-address.ts'

/** Flexible since Kafka 2.4. Version 4 asks for many groups at once, which is not needed. */
const api: Api = { key: 10, name: 'FindCoordinator', min: 3, max: 3 }
const ofGroups = 0

/**
 * Asks any broker for the coordinator of a group's offsets. The answer may be out of date.
 * @throws from `decode`: BrokerError when the broker knows none, or refuses
 */
export function findCoordinatorRequest(broker: VersionedBroker, groupId: string): WireRequest<BrokerAddress> {
  const body = new WireWriter({ isFlexible: true }).string(groupId).int8(ofGroups).tags().done()
  const decoding = decodesThrottled(true, (reader) => {
    const [errorCode, words] = [reader.int16(), reader.string()]
    if (errorCode !== 0) throw errorOfCode(errorCode, `name the coordinator of the group ${groupId}`, words)
    reader.skip(4) // the broker's id
    return { host: reader.string() ?? '', port: reader.int32() }
  })
  return { apiKey: api.key, apiName: api.name, version: negotiate(broker, api), body, ...decoding }
}
