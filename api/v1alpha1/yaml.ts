import { Yaml } from 'cdk8s'

/**
 * Returns Kubernetes objects as one YAML stream, for files that people read and tools apply. A value that an object holds in several places is written
 * out each time: people, and some tools, do not read an alias (`*a1`).
 */
export function toYaml(...documents: readonly object[]): string {
  // JSON has no references, so the copy shares nothing.
  return Yaml.stringify(...documents.map((document) => JSON.parse(JSON.stringify(document)) as unknown))
}
