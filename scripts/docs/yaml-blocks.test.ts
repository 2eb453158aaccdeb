import { loadAllYaml, loadYaml } from '@kubernetes/client-node'
import Ajv from 'ajv'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkBySchema } from '../../api/read-schema.ts'
import { classKind, classSpecSchema } from '../../api/v1alpha1/realtime-channel-class.ts'
import { isRecord } from '../../program/is-record.ts'
import { chartValues } from '../chart/values.ts'
import { areChartValues } from './block-runners.ts'
import { codeBlocks, readPages, root } from './pages.ts'

/** Classes, values of the chart and JSON that the pages show. channels.test.ts has the channels. */

const blocks = readPages().flatMap(codeBlocks)

describe('a class that a page shows', () => {
  const classes = blocks
    .filter(({ language, code }) => language === 'yaml' && code.includes(classKind))
    .flatMap(({ page, line, code }) => loadAllYaml(code).map((document: unknown) => ({ page, line, document })))
    .filter(({ document }) => isRecord(document) && document['kind'] === classKind)

  it.each(classes)('is valid to the API server: $page:$line', ({ document }) => {
    expect(checkBySchema(classSpecSchema, Reflect.get(Object(document), 'spec'), 'spec')).toEqual([])
  })

  it('is found on more than one page', () => {
    expect(new Set(classes.map(({ page }) => page)).size).toBeGreaterThan(1)
  })
})

describe('values of the chart that a page shows', () => {
  const validate = new Ajv.default({ strict: false }).compile(
    JSON.parse(readFileSync(join(root, 'charts/carillon/values.schema.json'), 'utf8')),
  )
  const shown = blocks.filter((block) => areChartValues(block, Object.keys(chartValues.values)))

  it.each(shown)('fit its schema: $page:$line', ({ code }) => {
    expect([validate(loadYaml(code)), validate.errors]).toEqual([true, null])
  })

  it('are found on more than two pages', () => {
    expect(new Set(shown.map(({ page }) => page)).size).toBeGreaterThan(2)
  })
})

describe('JSON that a page shows', () => {
  const shown = blocks.filter(({ language }) => language === 'json')

  it.each(shown)('can be parsed: $page:$line', ({ code }) => {
    expect(JSON.parse(code)).toEqual(expect.anything())
  })

  it('is found on at least one page', () => {
    expect(shown.length).toBeGreaterThan(0)
  })
})
