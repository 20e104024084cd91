import { createHash } from "node:crypto";
import { defineConfig } from "vite";

// One file that needs nothing else: the script and the style go into the page, and its policy names exactly these two,
// so that nothing which a report brings along could ever run, load or send anything.
function oneFile() {
  return {
    name: "one-file",
    enforce: "post",
    generateBundle(_, bundle) {
      const files = Object.values(bundle);
      const script = files.find((file) => file.type === "chunk").code.trim();
      const style = String(files.find((file) => file.fileName.endsWith(".css")).source).trim();
      const page = files.find((file) => file.fileName.endsWith(".html"));
      if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error("would end its element early");

      const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
      const policy =
        `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; ` +
        `img-src data:; base-uri 'none'; form-action 'none'`;
      const put = (html, mark, text) => html.replace(mark, () => text);
      page.fileName = "page.html";
      page.source = [
        [/\s*<script type="module"[^>]*><\/script>/, ""],
        [/\s*<link rel="stylesheet"[^>]*>/, ""],
        ["<!-- policy -->", `<meta http-equiv="Content-Security-Policy" content="${policy}">`],
        ["<!-- style -->", `<style>${style}</style>`],
        ["<!-- script -->", `<script>${script}</script>`],
      ].reduce((html, [mark, text]) => put(html, mark, text), page.source);
      const place = '<script type="application/json" id="report">null</script>';
      if (page.source.split(place).length !== 2) throw new Error("must have one place for a report");
      for (const file of files) if (file !== page) delete bundle[file.fileName];
    },
  };
}

export default defineConfig({
  plugins: [oneFile()],
  build: {
    target: "es2021",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    rollupOptions: { output: { format: "iife", inlineDynamicImports: true } },
  },
});
