/**
 * The gateway as in production, but on an in-process log instead of Kafka: the peers hold their events in memory, too. Where a measure
 * needs Kafka, the rig runs gateway/main.ts itself.
 */
import { createGatewayAdapters } from '../../../gateway/adapters.ts'
import { createMemoryLog } from '../../../gateway/adapters/memory/memory-log.ts'
import { parseOptions } from '../../../gateway/config/parse-options.ts'
import { startGateway } from '../../../gateway/gateway.ts'

const config = parseOptions(process.env, { readable: () => true })
if (!config.ok) throw new Error(JSON.stringify(config.error))
const options = { ...config.value, kafkaBrokers: [] }
const adapters = await createGatewayAdapters(options, { env: {}, version: '0.0.0' })
// Records in a broker are not memory of the gateway: the stand-in keeps as few as it can.
const log = createMemoryLog({ partitions: options.kafkaTopicPartitions, clock: Date, maxRecordsPerPartition: 256 })
const gateway = await startGateway(options, { ...adapters, source: log.source(), publisher: log.publisher(), deadLetters: null })

process.on('SIGTERM', () => void gateway.stop().then(() => process.exit(0)))
