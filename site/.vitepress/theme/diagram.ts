import scriptUrl from '@mermaid-js/tiny/dist/mermaid.tiny.js?url'
import { useData } from 'vitepress'
import { defineComponent, h, onMounted, shallowRef, watch } from 'vue'

/** What this theme uses of mermaid, which the script makes a global. */
interface Mermaid {
  initialize: (config: object) => void
  render: (id: string, text: string) => Promise<{ readonly svg: string }>
}

let loading: Promise<Mermaid> | null = null

/** Loads mermaid once, and only on pages with a diagram: it is larger than the rest of a page. */
function loadMermaid(): Promise<Mermaid> {
  loading ??= new Promise<Mermaid>((resolve, reject) => {
    const script = document.createElement('script')
    script.src = scriptUrl
    script.addEventListener('load', () => resolve(Reflect.get(globalThis, 'mermaid') as Mermaid)) // the script's last statement
    script.addEventListener('error', () => reject(new Error(`${scriptUrl} cannot be loaded. The diagrams stay text.`)))
    document.head.append(script)
  })
  return loading
}

const palettes = {
  light: { darkMode: false, primaryColor: '#e7f1f2', primaryBorderColor: '#457b9d', primaryTextColor: '#1d3557', lineColor: '#457b9d' },
  dark: { darkMode: true, primaryColor: '#24364f', primaryBorderColor: '#a8dadc', primaryTextColor: '#eef4f6', lineColor: '#a8dadc' },
} as const

let count = 0

async function draw(text: string, isDark: boolean): Promise<string> {
  const mermaid = await loadMermaid()
  const palette = isDark ? palettes.dark : palettes.light
  mermaid.initialize({
    startOnLoad: false,
    theme: 'base',
    themeVariables: {
      ...palette,
      background: 'transparent',
      mainBkg: palette.primaryColor,
      secondaryColor: isDark ? '#3b3420' : '#fbf3dd',
      tertiaryColor: isDark ? '#1c2433' : '#f6f8fa',
      noteBkgColor: isDark ? '#3b3420' : '#fbf3dd',
      noteTextColor: palette.primaryTextColor,
      textColor: palette.primaryTextColor,
      edgeLabelBackground: isDark ? '#1b1b1f' : '#ffffff',
      fontSize: '14px',
    },
    fontFamily: 'system-ui, sans-serif',
  })
  count += 1
  return (await mermaid.render(`diagram-${count}`, text)).svg
}

/** A diagram. The page shows its text until it is drawn, and when it cannot be drawn. */
export const Diagram = defineComponent({
  props: { source: { type: String, required: true } },
  setup({ source }) {
    const text = decodeURIComponent(source)
    const { isDark } = useData()
    const svg = shallowRef<string | null>(null)
    onMounted(() => {
      watch(
        isDark,
        async (dark) => {
          svg.value = await draw(text, dark)
        },
        { immediate: true },
      )
    })
    return () => (svg.value === null ? h('pre', { class: 'diagram-text' }, text) : h('figure', { class: 'diagram', innerHTML: svg.value }))
  },
})
