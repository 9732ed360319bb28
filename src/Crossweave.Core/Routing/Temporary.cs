#pragma warning disable
using Crossweave.Algorithms;
using Crossweave.Core.Routing;
namespace Crossweave.Core.Routing
{
public sealed class MemTrace(int layers,int k,int experts,ushort[] ids,IReadOnlyList<TokenSequence> seqs):RoutingTrace{
 public override int TokenCount=>ids.Length/layers/k; public override int LayerCount=>layers; public override int TopK=>k; public override int ExpertCount=>experts;
 public override IReadOnlyList<int> LayerIds=>[..Enumerable.Range(0,layers)]; public override IReadOnlyList<TokenSequence> Sequences=>seqs;
 public override void ReadExperts(int f,int c,Span<ushort> e)=>ids.AsSpan(f*layers*k,c*layers*k).CopyTo(e);
 public override void ReadLayer(int l,int f,int c,Span<ushort> e){for(int t=0;t<c;t++)ids.AsSpan(((f+t)*layers+l)*k,k).CopyTo(e.Slice(t*k));}
}
public sealed class ConcatenatedTrace(IReadOnlyList<RoutingTrace> parts,IReadOnlyList<string> domains):RoutingTrace{
 MemTrace m=Make(parts,domains);
 static MemTrace Make(IReadOnlyList<RoutingTrace> parts,IReadOnlyList<string> d){var ids=new List<ushort>();var s=new List<TokenSequence>();int off=0;for(int i=0;i<parts.Count;i++){var p=parts[i];var b=new ushort[p.TokenCount*p.LayerCount*p.TopK];p.ReadExperts(0,p.TokenCount,b);ids.AddRange(b);foreach(var q in p.Sequences)s.Add(q with{FirstToken=q.FirstToken+off,Domain=d[i]});off+=p.TokenCount;}return new(parts[0].LayerCount,parts[0].TopK,parts.Max(p=>p.ExpertCount),ids.ToArray(),s);}
 public override int TokenCount=>m.TokenCount; public override int LayerCount=>m.LayerCount; public override int TopK=>m.TopK; public override int ExpertCount=>m.ExpertCount;
 public override IReadOnlyList<int> LayerIds=>m.LayerIds; public override IReadOnlyList<TokenSequence> Sequences=>m.Sequences;
 public override void ReadExperts(int f,int c,Span<ushort> e)=>m.ReadExperts(f,c,e); public override void ReadLayer(int l,int f,int c,Span<ushort> e)=>m.ReadLayer(l,f,c,e);
}
public static class TraceSplit{ public static (RoutingTrace,RoutingTrace) BySequence(RoutingTrace t,double fraction,Prng prng){
 var order=Enumerable.Range(0,t.Sequences.Count).ToArray();prng.Shuffle<int>(order);var a=new List<int>();var b=new List<int>();int n=0;foreach(var i in order){if(n<fraction*t.TokenCount){a.Add(i);n+=t.Sequences[i].TokenCount;}else b.Add(i);}
 a.Sort();b.Sort();return (Sub(t,a),Sub(t,b));}
 static RoutingTrace Sub(RoutingTrace t,List<int> s){var ids=new List<ushort>();var q=new List<TokenSequence>();int off=0;foreach(var i in s){var x=t.Sequences[i];var b=new ushort[x.TokenCount*t.LayerCount*t.TopK];t.ReadExperts(x.FirstToken,x.TokenCount,b);ids.AddRange(b);q.Add(x with{FirstToken=off});off+=x.TokenCount;}return new MemTrace(t.LayerCount,t.TopK,t.ExpertCount,ids.ToArray(),q);}
}
}
namespace Crossweave.Core.Formats.Routing{
public static class NpyTraceWriter{ public static void Write(RoutingTrace t,string p){ var b=new ushort[t.TokenCount*t.LayerCount*t.TopK];t.ReadExperts(0,t.TokenCount,b);
 var h="{'descr': '|u1', 'fortran_order': False, 'shape': ("+t.TokenCount+", "+t.LayerCount+", "+t.TopK+"), }";h=h.PadRight(117)+"\n";using var f=File.Create(p+".ids.npy");f.Write(new byte[]{0x93,(byte)'N',(byte)'U',(byte)'M',(byte)'P',(byte)'Y',1,0,118,0});f.Write(System.Text.Encoding.ASCII.GetBytes(h));f.Write(b.Select(x=>(byte)x).ToArray());
 File.WriteAllText(p+".sequences.csv","sequence,first_token,tokens,category\n"+string.Concat(t.Sequences.Select((s,i)=>$"{i},{s.FirstToken},{s.TokenCount},{s.Domain}\n"))); } }
public static class ImportersX{ public static Recording Open(string p,string? f,ImportOptions o){var by=File.ReadAllBytes(p);var hl=by[8]+256*by[9];var h=System.Text.Encoding.ASCII.GetString(by,10,hl);var m=System.Text.RegularExpressions.Regex.Match(h,@"\((\d+), (\d+), (\d+)\)");int n=int.Parse(m.Groups[1].Value),l=int.Parse(m.Groups[2].Value),k=int.Parse(m.Groups[3].Value);
 var ids=by.Skip(10+hl).Select(x=>(ushort)x).ToArray();var sq=new List<TokenSequence>();foreach(var line in File.ReadLines(p.Replace(".ids.npy",".sequences.csv")).Skip(1)){var c=line.Split(',');sq.Add(new(int.Parse(c[1]),int.Parse(c[2]),c[0],c.Length>3?c[3]:""));}
 return new(new MemTrace(l,k,o.ExpertCount??ids.Max()+1,ids,sq),null);} }
}
