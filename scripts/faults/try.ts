import { FLOWS } from '../../test/end-to-end/faults/flows';
import { record } from '../../test/end-to-end/faults/matrix';
import { nameOf } from '../../test/end-to-end/faults/fault-kinds';
async function main() {
  for (const flow of FLOWS.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
    const cpu = process.cpuUsage();
    try {
      const { undisturbed, points } = await record(flow, 1);
      const used = process.cpuUsage(cpu);
      console.log(flow.name, undisturbed.status, points.length, 'dns', points.filter((p) => p.service === 'dns').length, ((used.user + used.system) / 1000).toFixed(0) + ' ms', JSON.stringify(undisturbed.broken));
      if (process.argv[3]) console.log(points.map(nameOf).join('\n'));
    } catch (e) { console.log(flow.name, e); }
  }
}
void main();
