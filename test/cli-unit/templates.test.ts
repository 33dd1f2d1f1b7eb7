// SPDX-License-Identifier: Apache-2.0
import { after, before, test } from 'node:test';
import { cannedRoutes } from './canned.ts';
import { type FakeEngine, startFakeEngine } from './fake-engine.ts';
import { Recording } from './recorded.ts';
import { type BundledCli, bundleCli, docker } from './run-cli.ts';

/** Templates for `inspect`, each of which must give what Go's text/template gives, or its words for what is wrong. */
const TEMPLATES: readonly string[] = [
  '{{.Name}}',
  '{{.Id}}',
  '{{.ID}}',
  '{{.State.Running}} {{.State.Pid}} {{.State.Error}}|',
  '{{.State.Health}}',
  '{{.State.Health.Status}}',
  '{{if .State.Health}}yes{{else}}no{{end}}',
  '{{with .State.Health}}{{.Status}}{{else}}none{{end}}',
  '{{.HostConfig.Binds}} {{.HostConfig.Links}} {{.HostConfig.Tmpfs}}',
  '{{json .HostConfig.Binds}} {{json .HostConfig.Tmpfs}} {{json .State.Health}}',
  '{{.HostConfig.PidsLimit}} {{.HostConfig.NanoCPUs}}',
  '{{.HostConfig.NanoCpus}}',
  '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}',
  '{{.HostConfig.RestartPolicy}}',
  '{{.Config.Labels}}',
  '{{json .Config.Labels}}',
  '{{index .Config.Labels "zeta"}}|{{index .Config.Labels "absent"}}|{{.Config.Labels.absent}}',
  '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}',
  '{{range .Config.Env}}{{.}}\n{{end}}',
  '{{range $i, $e := .Config.Env}}{{$i}}:{{$e}} {{end}}',
  '{{range .HostConfig.Binds}}{{.}}{{else}}no binds{{end}}',
  '{{range .Config.Env}}{{if eq . "PATH=/bin"}}{{continue}}{{end}}{{.}}{{break}}{{end}}',
  '{{join .Config.Env ","}}',
  '{{join .Config.Cmd " "}} {{len .Config.Env}} {{len .Name}}',
  '{{index .Config.Env 0}} {{index .Config.Env 1 0}}',
  '{{index .Config.Env 7}}',
  '{{slice .Name 1}} {{slice .Name 1 2}}',
  '{{upper .Name}} {{lower "ABC"}} {{title "some words"}} {{pad .Name 2 3}}| {{truncate .Id 12}}',
  '{{split .Created "-"}} {{index (split .Created "T") 0}}',
  '{{printf "%s %q %d %5d|%-5d|%05d %x %t %v" .Name .Name .State.Pid 3 3 3 255 true .Config.Env}}',
  '{{printf "%.2f %8.3f %e %g" 3.14159 2.5 1234.5 0.1}}',
  '{{printf "%d" .Name}} {{printf "%s"}} {{printf "%s" "a" "b"}} {{printf "%s" 3}}',
  '{{print 1 2 "a" "b" 3 true}} {{println "x" 1}}',
  '{{.RestartCount}} {{eq .RestartCount 2}} {{ne .RestartCount 2}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 1 2}}',
  '{{eq .Name "/web" "/other"}} {{eq "a" "b" "a"}}',
  '{{eq .Name 1}}',
  '{{and .State.Running .Name}} {{or .State.Paused "fallback"}} {{not .State.Running}}',
  '{{if and .State.Running (not .State.Paused)}}up{{else if .State.Paused}}paused{{else}}down{{end}}',
  '{{$x := .Name}}{{$x}} {{$x = "changed"}}{{$x}}',
  '{{with $y := .State}}{{$y.Pid}} {{$.Name}}{{end}}',
  '{{.Name | printf "%s-%s" "a" | upper}}',
  '{{"quoted \\"text\\"\\n" | printf "%q"}} {{`raw`}} {{\'a\'}}',
  '{{1}} {{-1}} {{1.5}} {{0x10}} {{1e3}} {{true}} {{nil | print}}',
  'a {{- .Name -}} b',
  '{{/* a comment */}}text{{- /* another */ -}} x',
  '{{range $p, $b := .NetworkSettings.Ports}}{{$p}}->{{range $b}}{{.HostIP}}:{{.HostPort}} {{end}}{{end}}',
  '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}',
  '{{range .Mounts}}{{.Source}}:{{.Destination}}:{{.RW}}{{end}}',
  '{{.NetworkSettings.Networks.none.IPAddress}}|{{json .NetworkSettings.Networks.none.Aliases}}',
  '{{range $n, $c := .NetworkSettings.Networks}}{{$n}}{{end}}',
  '{{json .State.Running}} {{json .Config.Env}} {{json .Name}} {{json .RestartCount}}',
  '{{json .HostConfig.RestartPolicy}}',
  '{{.GraphDriver.Name}} {{.GraphDriver.Data.UpperDir}}',
  '{{html "<a>"}} {{js "it\'s"}} {{urlquery "a b&c"}}',
  '{{.SomethingNew.Answer}}',
  '{{.Nothing}}',
  '{{.State.Nothing}}',
  '{{.Name.Nothing}}',
  '{{.Config.Labels.zeta.deeper}}',
  '{{len 3}}',
  '{{upper 3}}',
  '{{upper}}',
  '{{upper "a" "b"}}',
  '{{join .Name ","}}',
  '{{range .State.Pid}}{{.}}{{break}}{{end}}',
  '{{range .State.Running}}x{{end}}',
  '{{index .Name}}',
  '{{nothing .Name}}',
  '{{.Name',
  '{{.Name}',
  '{{if .Name}}x',
  '{{end}}',
  '{{else}}',
  '{{if}}x{{end}}',
  '{{range}}x{{end}}',
  '{{}}',
  '{{.Name | }}',
  '{{| .Name}}',
  '{{"open}}',
  '{{`open}}',
  '{{(.Name}}',
  '{{.Name)}}',
  '{{$undefined}}',
  '{{.Name 1}}',
  '{{"a" 1}}',
  '{{.Name | 3}}',
  '{{break}}',
  '{{nil}}',
  '{{1 | nil}}',
  '{{if .Name}}a{{else}}b{{else}}c{{end}}',
  '{{.Name @}}',
  '{{.Name}}{{if eq .Driver "overlay2"}}\n\n{{.Nope}}{{end}}',
  '{{.HostConfig.Ulimits | len}}',
];

const recording = new Recording('templates');
let engine: FakeEngine;
let cli: BundledCli;

before(async () => {
  [engine, cli] = await Promise.all([startFakeEngine(cannedRoutes), bundleCli()]);
});

after(async () => {
  recording.save();
  await engine[Symbol.asyncDispose]();
  await cli[Symbol.asyncDispose]();
});

for (const template of TEMPLATES) {
  test(`the template ${JSON.stringify(template)} gives what docker gives`, async () => {
    const words = ['container', 'inspect', '-f', template, 'web'];
    const env = { DOCKER_HOST: engine.host };
    await recording.compare(template, await cli.hoy(words, { env }), () => docker(words, { env }));
  });
}
