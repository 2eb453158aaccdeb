import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Yaml } from 'cdk8s'
import { describe, expect, it } from 'vitest'
import { chartFolder } from './helm.ts'
import { renderChartFile, chartFiles } from './render-chart.ts'
import { chartValues, flatValues, type Section, type Value } from './values.ts'

/** Checks of the chart without Helm. */

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly summary: string }
}

/** A file of ours. */
const alertsOf = (groups: unknown): readonly Alert[] =>
  (groups as { groups: readonly { rules: readonly Alert[] }[] }).groups.flatMap(({ rules }) => rules)
const chartAlerts = (): readonly Alert[] => alertsOf(Yaml.load(join(chartFolder, 'files/alerts.yaml'))[0])

describe('the alerts', () => {
  it('have a unique name and a sentence for the person on call', () => {
    const names = chartAlerts().map(({ alert }) => alert)
    expect(new Set(names).size).toBe(names.length)
    expect(chartAlerts().filter(({ annotations }) => !/^[A-Z].+[.?*]$/.test(annotations.summary))).toEqual([])
  })
})

const sectionsOf = (section: Section): readonly (Section | Value)[] => [
  section,
  ...Object.values(section.values).flatMap((entry) => ('values' in entry ? sectionsOf(entry) : [entry])),
]

describe('the values', () => {
  it('have a description that ends with a full stop', () => {
    expect(sectionsOf(chartValues).filter(({ description }) => !/^[A-Z`a-z].*\.$/.test(description))).toEqual([])
    expect(flatValues().length).toBeGreaterThan(40)
  })

  it('are all used by a template, and no template uses another', () => {
    const files = [
      '_helpers.tpl',
      'aggregated-roles.yaml',
      'deployment.yaml',
      'monitoring.yaml',
      'networkpolicy.yaml',
      'NOTES.txt',
      'poddisruptionbudget.yaml',
      'rbac.yaml',
      'realtimechannelclass.yaml',
      'realtimechannels.yaml',
      'release-finalizers.yaml',
      'service.yaml',
      'serviceaccount.yaml',
      'tests/ready.yaml',
    ]
    const text = files.map((file) => readFileSync(join(chartFolder, 'templates', file), 'utf8')).join('\n')
    const used = new Set([...text.matchAll(/\.Values\.([A-Za-z.]+)/g)].map(([, path = '']) => path))
    const paths = flatValues().map(({ path }) => path)
    const isKnown = (path: string): boolean => paths.some((known) => known === path || known.startsWith(`${path}.`))
    expect([...used].filter((path) => !isKnown(path))).toEqual(['topics']) // refused with a sentence
    const isUsed = (path: string): boolean => [...used].some((each) => each === path || path.startsWith(`${each}.`))
    expect(paths.filter((path) => !isUsed(path))).toEqual([])
  })

  it('that the message about extraEnv names are values of the chart', () => {
    const template = (file: string): string => readFileSync(join(chartFolder, 'templates', file), 'utf8')
    const set = [...template('deployment.yaml').matchAll(/^ {12}- name: ([A-Z_]+)$/gm)].map(([, name = '']) => name)
    const [, table = ''] = /define "carillon\.ownEnv" -}}\n(.*?){{- end -}}/s.exec(template('_helpers.tpl')) ?? []
    const rows = [...table.matchAll(/^([A-Z_]+): (.+)$/gm)].map(([, name = '', remedy = '']) => ({ name, remedy }))
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...set, 'INTERNAL_PORT', 'TOPIC_PATTERN'].toSorted())
    const paths = flatValues().map(({ path }) => path)
    const named = rows.flatMap(({ remedy }) => [...remedy.matchAll(/[a-zA-Z]+(?:\.[a-zA-Z]+)+/g)].map(([path]) => path))
    expect(named.filter((path) => !paths.some((known) => path === known || path.startsWith(`${known}.`)))).toEqual([])
  })

  it('in values.yaml are the defaults', () => {
    const file = chartFiles.find(({ path }) => path === 'values.yaml')
    expect(file === undefined ? '' : renderChartFile(file)).toContain('watchNamespaces: []')
    const [values] = Yaml.load(join(chartFolder, 'values.yaml')) as [Record<string, unknown>] // one document, which is a map
    const at = (path: string): unknown => path.split('.').reduce<unknown>((place, key) => (place as Record<string, unknown>)[key], values)
    expect(
      flatValues()
        .filter(({ path, default: value }) => JSON.stringify(at(path)) !== JSON.stringify(value))
        .map(({ path }) => path),
    ).toEqual([])
  })
})
