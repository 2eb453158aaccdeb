import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { issuer } from '../platform/identity.ts'
import { keysConfigMap, restrictedNamespace } from '../platform/manifests.ts'
import { applyObjects } from '../platform/kubectl.ts'
import { readPage } from '../testing/reader.ts'
import { createStage, platformFromEnv, type Stage } from '../testing/stage.ts'

/** The page is about a shop with a login of its own; here it has the platform's. */

let stage: Stage
beforeAll(async () => {
  const platform = await platformFromEnv(process.env)
  stage = createStage(platform, 'shop')
  await stage.empty()
  await applyObjects(platform.run, [restrictedNamespace(stage.namespace), keysConfigMap(stage.namespace, platform.own.identity.jwks)])
})
afterAll(() => stage?.leave())
beforeEach(() => stage.keepEvidence())

describe('docs/first-channel.md', () => void readPage({
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
