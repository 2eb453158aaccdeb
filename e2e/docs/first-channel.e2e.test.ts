import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { issuer } from '../platform/identity.ts'
import { readPage } from '../../scripts/docs/reader.ts'
import { openStageIn, platformFromEnv, type Stage } from '../testing/stage.ts'

/** The page is about a shop with its own login; here it has the platform's. */

let stage: Stage
beforeAll(async () => {
  stage = await openStageIn(await platformFromEnv(process.env), 'shop')
})
afterAll(() => stage?.leave())
beforeEach(() => stage.keepEvidence())

describe('docs/first-channel.md', () =>
  void readPage({
    page: 'docs/first-channel.md',
    place: 'e2e',
    platform: () => stage.platform,
    inPlaceOf: {
      'uri: https://sso.example.com/realms/main/protocol/openid-connect/certs': 'configMapRef: { name: login-keys }',
      'https://sso.example.com/realms/main': issuer,
      'shop.example.com': 'shop.carillon.localhost',
    },
    env: () => ({ KUBECONFIG: '.infra/kind-carillon/kubeconfig' }),
  }))
