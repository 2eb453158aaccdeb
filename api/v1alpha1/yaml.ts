import { Yaml } from 'cdk8s'

/**
 * Kubernetes objects as one YAML stream, for files that people read and tools apply. What stands in several places of an object is written out each
 * time: an alias (`*a1`) is not for people, and not for every tool.
 */
export function toYaml(...documents: readonly object[]): string {
  // JSON has no references, so the copy shares nothing.
  return Yaml.stringify(...documents.map((document) => JSON.parse(JSON.stringify(document)) as unknown))
}
