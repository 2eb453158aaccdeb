import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { readPage } from '../../scripts/docs/reader.ts'
import { openSample, type Sample } from '../testing/sample.ts'

/** Types the commands of the documentation. */

let sample: Sample
beforeAll(async () => {
  sample = await openSample()
})
afterAll(() => sample?.putBack())
beforeEach(() => sample.stage.keepEvidence())

describe('docs/kind.md', () => void readPage({ page: 'docs/kind.md', place: 'e2e', platform: () => sample.platform }))
describe('docs/operations.md', () => void readPage({ page: 'docs/operations.md', place: 'e2e', platform: () => sample.platform }))
