import { classSpecSchema, type AllowedSpec, type RealtimeChannelClassSpec } from '../../api/v1alpha1/realtime-channel-class.ts'
import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { checkRules } from '../channel/check-spec.ts'
import { fieldProblems, readSchema, type Problem } from '../../api/read-schema.ts'
import { hasMetadataKeys, metadataKeysMessage } from '../channel/metadata-keys.ts'

/** Everything that the API server would find wrong with this spec of a class, at once. */
export function checkClass(spec: RealtimeChannelClassSpec): readonly Problem[] {
  const problems = fieldProblems(readSchema(classSpecSchema, spec, { path: 'spec' }))
  // The rules compare fields, and need them to be what they should be.
  if (problems.length > 0) return problems
  const ofDefaults = checkRules(spec.defaults ?? {}).map(({ path, message }) => ({ path: path.replace(/^spec/, 'spec.defaults'), message }))
  return [...ofDefaults, ...checkRoute(spec.defaults ?? {}), ...checkPatterns(spec.allowed ?? {}), ...checkSelector(spec.allowed ?? {})]
}

/** The lists of `allowed` whose patterns must not give one thing to two namespaces. The schema says so in CEL. */
export const patternLists = [
  'topics',
  'bootstrapServers',
  'hosts',
  'pathPrefixes',
  'images',
] as const satisfies readonly (keyof AllowedSpec)[]

function checkPatterns(allowed: AllowedSpec): readonly Problem[] {
  return patternLists.flatMap((name) =>
    (allowed[name] ?? []).flatMap((pattern, index) =>
      isAmbiguous(pattern) ? [{ path: `spec.allowed.${name}[${index}]`, message: ambiguous }] : [],
    ),
  )
}

/** NAMESPACE and NAME in them stand for those of a channel. */
function checkRoute({ route: { host = '', paths = {} } = {} }: RealtimeChannelSpec): readonly Problem[] {
  const fields = [
    ['host', host],
    ['paths.socket', paths.socket ?? ''],
    ['paths.api', paths.api ?? ''],
  ] as const
  return fields.flatMap(([name, value]) => (isAmbiguous(value) ? [{ path: `spec.defaults.route.${name}`, message: ambiguous }] : []))
}

function checkSelector({ namespaces }: AllowedSpec): readonly Problem[] {
  return hasMetadataKeys(namespaces?.matchLabels) ? [] : [{ path: 'spec.allowed.namespaces.matchLabels', message: metadataKeysMessage }]
}

const ambiguous =
  'this pattern may give one thing to two namespaces: let NAMESPACE stand beside a dot or a slash, and leave something open on one side of it at most, as in NAMESPACE.*'

/** `#` stands for NAMESPACE, so that NAME is not found in it. */
function isAmbiguous(pattern: string): boolean {
  return /(?:[*]|NAME)[a-z0-9-]*#|#[a-z0-9-]*(?:[*]|NAME)|(?:[*]|NAME).*#.*(?:[*]|NAME)/.test(pattern.replaceAll('NAMESPACE', '#'))
}
