import type { Dashboard, Panel, Row } from './dashboards.ts'

/** Width of Grafana's grid. */
const columns = 24
const heightOfNumber = 4
const heightOfLines = 8
const datasource = { type: 'prometheus', uid: '${datasource}' } as const

/** Renders a dashboard for Grafana: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
export function renderDashboard(dashboard: Dashboard): string {
  const { name, title, description, rows } = dashboard
  const model = {
    uid: `carillon-${name}`,
    title,
    description,
    tags: ['carillon'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: variablesOf(dashboard) },
    panels: placed(rows),
  }
  return `${JSON.stringify(model, null, 2)}\n`
}

function variablesOf({ variables }: Dashboard): readonly object[] {
  const source = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1 }
  // `.+`: a series without the label belongs to another program.
  const chosen = variables.map(({ name, label, values }) => ({
    name,
    label,
    type: 'query',
    datasource,
    query: { query: values, refId: name },
    definition: values,
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.+',
    current: { text: ['All'], value: ['$__all'] },
  }))
  return [source, ...chosen]
}

/** Places rows one below the other, and their panels side by side, as many as fit in a line. */
function placed(rows: readonly Row[]): readonly object[] {
  const state = { y: 0, id: 0 }
  return rows.flatMap((row) => {
    const head = {
      id: ++state.id,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y: state.y, w: columns, h: 1 },
    }
    state.y += 1
    const inLine = row.panels.length % 3 === 0 ? 3 : row.panels.every(({ isNumber }) => isNumber === true) ? row.panels.length : 2
    const width = columns / inLine
    const panels = row.panels.map((panel, index) => {
      const h = heightOf(panel)
      return {
        id: ++state.id,
        ...renderPanel(panel),
        gridPos: { x: (index % inLine) * width, y: state.y + Math.floor(index / inLine) * h, w: width, h },
      }
    })
    state.y += Math.ceil(row.panels.length / inLine) * Math.max(...row.panels.map(heightOf))
    return [head, ...panels]
  })
}

const heightOf = ({ isNumber }: Panel): number => (isNumber === true ? heightOfNumber : heightOfLines)

function renderPanel({ title, description, unit, isNumber, series }: Panel): object {
  return {
    type: isNumber === true ? 'stat' : 'timeseries',
    title,
    description,
    datasource,
    fieldConfig: {
      defaults: { unit, min: 0, ...(isNumber === true ? {} : { custom: { fillOpacity: 10, showPoints: 'never' } }) },
      overrides: [],
    },
    options:
      isNumber === true
        ? { reduceOptions: { calcs: ['lastNotNull'] }, graphMode: 'area' }
        : { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
    targets: series.map(([legendFormat, expr], index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource,
      expr,
      legendFormat,
      range: true,
    })),
  }
}
