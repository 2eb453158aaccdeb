import type { MarkdownRenderer } from 'vitepress'

/** Teaches a renderer of Markdown to give blocks of mermaid to the theme, which draws them. GitHub draws the same blocks. */
export function passDiagrams(markdown: MarkdownRenderer): void {
  const { fence } = markdown.renderer.rules
  markdown.renderer.rules.fence = (...parts) => {
    const [tokens, index] = parts
    const token = tokens[index]
    if (token?.info.trim() !== 'mermaid') return fence?.(...parts) ?? ''
    return `<Diagram source="${encodeURIComponent(token.content)}" />`
  }
}
