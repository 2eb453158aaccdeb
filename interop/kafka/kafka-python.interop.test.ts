import { producers } from './producers.ts'
import { testProducer } from './testing/producer-suite.ts'

testProducer(producers.kafkaPython)
