/// The look of the pages that carry plots: `--c0` to `--c5` are the plots' colours.
public enum PageStyle {
    /// How many.
    static let colours = 6

    public static let css = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1c2430;--soft:#5b6675;--grid:#e3e7ec;
        --c0:#2468c8;--c1:#d9730d;--c2:#3f8f5b;--c3:#8d4bc0;--c4:#b03a5b;--c5:#8a7a1f}
        @media(prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e6eaf0;--soft:#9aa6b5;--grid:#2a313c;
        --c0:#6ca6f5;--c1:#f0a050;--c2:#74c391;--c3:#bd8df0;--c4:#ea7f9d;--c5:#cdbb5a}}
        body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:760px;margin:0 auto;padding:32px 20px 64px}
        h1{font-size:1.6rem;margin:0 0 .4rem}h2{font-size:1.1rem;margin:2rem 0 .4rem}
        table{border-collapse:collapse;width:100%;margin:1.2rem 0;font-variant-numeric:tabular-nums}
        th,td{padding:.35rem .6rem;border-bottom:1px solid var(--grid);text-align:right;white-space:nowrap}
        th{color:var(--soft);font-weight:600;font-size:.85rem}
        th:first-child,td:first-child{text-align:left}
        .remark{color:var(--soft);font-size:.92rem;margin:.3rem 0}
        figure{margin:1.8rem 0;overflow-x:auto}svg{width:100%;height:auto;display:block}
        figcaption{color:var(--soft);font-size:.85rem}
        svg text{fill:var(--ink);font-family:system-ui,sans-serif}
        svg .title{font-size:14px;font-weight:600}svg .label{font-size:13px;fill:var(--soft)}
        svg .tick{font-size:12px;fill:var(--soft)}
        svg .grid{stroke:var(--grid);stroke-width:1}svg .axis{stroke:var(--soft);stroke-width:1}
        .text td{white-space:normal}.text td+td{text-align:left}.text td:first-child{color:var(--soft)}
        code{font-size:.85rem}
        """
}
