using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Rows of one head: T of them, a stride apart.</summary>
internal readonly unsafe struct HeadPointer(float* first, long stride)
{
    public readonly long Stride = stride;

    public float* this[int row] => first + row * Stride;
}

/// <summary>The backward of one head's soft-max attention on the processor: blocks of keys against blocks of queries.</summary>
/// <remarks>
/// As in FlashAttention (Dao et al., arXiv:2205.14135): the weights of a block are computed again from the log-sums, so that no more of
/// them exist than those of a block.
/// P = exp(q kᵀ/√d − logSum);  dS = P ∘ (dy vᵀ − Σ_c dy y);  dv += Pᵀ dy;  dk += dSᵀ q/√d;  dq += dS k/√d
/// Keys lie side by side in the lanes, two registers of them; queries in blocks of <see cref="QueryBlock"/>.
/// </remarks>
/// <param name="logSums">Of each query.</param>
/// <param name="positions">Query i sees keys 0..positions[i]; null: all.</param>
internal readonly unsafe struct AttentionBackward(
    HeadPointer q, HeadPointer k, HeadPointer v, HeadPointer y, HeadPointer dy, HeadPointer logSums, int* positions, int queries, int keys,
    int headSize)
{
    private const int QueryBlock = 96, ShortSum = 32;

    private readonly float scale = 1f / MathF.Sqrt(headSize);

    /// <summary>dq is replaced; dk and dv are added to.</summary>
    public void Run<V>(HeadPointer dq, HeadPointer dk, HeadPointer dv) where V : unmanaged, ILanes<V>
    {
        int width = 2 * V.Count, panels = (headSize + width - 1) / width, tileRows = width + Tile.Rows;
        float* memory = stackalloc float[BlockScratch<V>.Floats(headSize) + 2 * panels * tileRows * width + 16];
        float* dKeys = (float*)(((nint)memory + 63) & ~63), dValues = dKeys + panels * tileRows * width;
        var scratch = new BlockScratch<V>(dValues + panels * tileRows * width, headSize);
        for (int i = 0; i < queries; i++) new Span<float>(dq[i], headSize).Clear();
        for (int first = 0; first < keys; first += width)
        {
            int count = Math.Min(width, keys - first);
            new Span<float>(dKeys, 2 * panels * tileRows * width).Clear();
            scratch.Turn(k, first, count, scratch.KeysTurned, scale);
            scratch.Turn(v, first, count, scratch.ValuesTurned, 1);
            scratch.Panels(k, first, count, scratch.KeyPanels, width);
            for (int query = 0; query < queries; query += QueryBlock)
            {
                int rows = Math.Min(QueryBlock, queries - query);
                if (!Sees(query, rows, first)) continue;
                Weights<V>(scratch, query, rows, first, count);
                scratch.Panels(q, query, rows, scratch.RowPanels, QueryBlock);
                scratch.Gather(scratch.Differences, rows, scratch.RowPanels, dKeys, tileRows);
                scratch.Panels(dy, query, rows, scratch.RowPanels, QueryBlock);
                scratch.Gather(scratch.Scores, rows, scratch.RowPanels, dValues, tileRows);
                Queries<V>(scratch, query, rows, count, dq);
            }
            scratch.Add(dKeys, tileRows, count, dk, first, scale);
            scratch.Add(dValues, tileRows, count, dv, first, 1);
        }
    }

    private bool Sees(int query, int rows, int key)
    {
        for (int i = 0; i < rows && positions != null; i++)
        {
            if (positions[query + i] >= key) return true;
        }
        return positions == null;
    }

    /// <summary>Scores become P, Differences dS, of some queries and keys.</summary>
    private void Weights<V>(BlockScratch<V> scratch, int query, int rows, int key, int count) where V : unmanaged, ILanes<V>
    {
        int width = 2 * V.Count;
        for (int i = 0; i < rows; i += Tile.Rows)
        {
            int present = Math.Min(Tile.Rows, rows - i);
            Product<V>(q, query + i, present, scratch.KeysTurned, scratch.Scores + i * width);
            Product<V>(dy, query + i, present, scratch.ValuesTurned, scratch.Differences + i * width);
        }
        for (int i = 0; i < rows; i++)
        {
            float* p = scratch.Scores + i * width, d = scratch.Differences + i * width;
            V logSum = V.All(*logSums[query + i]), delta = V.All(Reduce.Dot<V>(dy[query + i], y[query + i], headSize));
            for (int c = 0; c < width; c += V.Count) V.Exp(V.Load(p + c) - logSum).Store(p + c);
            int seen = positions == null ? count : Math.Clamp(positions[query + i] + 1 - key, 0, count);
            for (int c = seen; c < width; c++) p[c] = 0;
            for (int c = 0; c < width; c += V.Count) (V.Load(p + c) * (V.Load(d + c) - delta)).Store(d + c);
        }
    }

    /// <summary>Rows of queries times turned keys, in short sums: an error of a score is one of its weight, as large.</summary>
    private void Product<V>(HeadPointer rows, int first, int present, float* turned, float* target) where V : unmanaged, ILanes<V>
    {
        int width = 2 * V.Count;
        for (int c = 0; c < headSize; c += ShortSum)
            Tile.Multiply<V>(rows[first] + c, rows.Stride, 1, present, turned + c * width, Math.Min(ShortSum, headSize - c), target, width,
                c > 0);
    }

    /// <summary>dq += dS k/√d of some queries.</summary>
    private void Queries<V>(BlockScratch<V> scratch, int query, int rows, int count, HeadPointer dq) where V : unmanaged, ILanes<V>
    {
        int width = 2 * V.Count;
        float* sums = stackalloc float[Tile.Rows * width];
        for (int first = 0, panel = 0; first < headSize; first += width, panel++)
        {
            int columns = Math.Min(width, headSize - first);
            for (int i = 0; i < rows; i += Tile.Rows)
            {
                int present = Math.Min(Tile.Rows, rows - i);
                Tile.Multiply<V>(scratch.Differences + i * width, width, 1, present, scratch.KeyPanels + panel * width * width, count, sums,
                    width, false);
                for (int r = 0; r < present; r++)
                {
                    for (int c = 0; c < columns; c++) dq[query + i + r][first + c] += scale * sums[r * width + c];
                }
            }
        }
    }

    /// <summary>What one block of keys and one of queries need beside the operands.</summary>
    private readonly struct BlockScratch<V> where V : unmanaged, ILanes<V>
    {
        private readonly int headSize, panels;

        /// <summary>(d, width): keys, and values, side by side.</summary>
        public readonly float* KeysTurned, ValuesTurned;

        /// <summary>Panels of width columns: of the keys (width rows each), of queries or their gradients (QueryBlock rows each).</summary>
        public readonly float* KeyPanels, RowPanels;

        /// <summary>(QueryBlock, width)</summary>
        public readonly float* Scores, Differences;

        public BlockScratch(float* memory, int headSize)
        {
            int width = 2 * V.Count, rows = QueryBlock + Tile.Rows;
            (this.headSize, panels) = (headSize, (headSize + width - 1) / width);
            KeysTurned = memory;
            ValuesTurned = KeysTurned + headSize * width;
            KeyPanels = ValuesTurned + headSize * width;
            RowPanels = KeyPanels + panels * width * width;
            Scores = RowPanels + panels * QueryBlock * width;
            Differences = Scores + rows * width;
        }

        public static int Floats(int headSize)
        {
            int width = 2 * V.Count, panels = (headSize + width - 1) / width;
            return 2 * headSize * width + panels * width * (width + QueryBlock) + 2 * (QueryBlock + Tile.Rows) * width;
        }

        public void Turn(HeadPointer rows, int first, int count, float* target, float factor)
        {
            new Span<float>(target, headSize * 2 * V.Count).Clear();
            Transposed.Copy<StoredF32>((byte*)rows[first], 4 * rows.Stride, count, headSize, target, 2 * V.Count, factor);
        }

        public void Panels(HeadPointer rows, int first, int count, float* target, int panelRows)
        {
            int width = 2 * V.Count;
            for (int panel = 0; panel < panels; panel++)
            {
                int present = Math.Min(width, headSize - panel * width);
                for (int r = 0; r < count; r++)
                {
                    float* to = target + ((long)panel * panelRows + r) * width;
                    new ReadOnlySpan<float>(rows[first + r] + panel * width, present).CopyTo(new Span<float>(to, present));
                    if (present < width) new Span<float>(to + present, width - present).Clear();
                }
            }
        }

        /// <summary>sums[key, c] += Σ_i weights[i, key] · rows[i, c].</summary>
        public void Gather(float* weights, int rows, float* rowPanels, float* sums, int tileRows)
        {
            int width = 2 * V.Count;
            for (int panel = 0; panel < panels; panel++)
            {
                for (int key = 0; key < width; key += Tile.Rows)
                {
                    Tile.Multiply<V>(weights + key, 1, width, Math.Min(Tile.Rows, width - key),
                        rowPanels + (long)panel * QueryBlock * width, rows, sums + ((long)panel * tileRows + key) * width, width, true);
                }
            }
        }

        public void Add(float* sums, int tileRows, int count, HeadPointer target, int first, float factor)
        {
            int width = 2 * V.Count;
            for (int panel = 0; panel < panels; panel++)
            {
                int present = Math.Min(width, headSize - panel * width);
                for (int r = 0; r < count; r++)
                {
                    float* from = sums + ((long)panel * tileRows + r) * width, to = target[first + r] + panel * width;
                    for (int c = 0; c < present; c++) to[c] += factor * from[c];
                }
            }
        }
    }
}
