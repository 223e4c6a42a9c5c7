namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>A float32 sum inside a kernel that keeps what every addition rounds off (Kahan, 1965): as good as a short
/// sum, whatever its length.</summary>
internal struct CompensatedSum
{
    private float lost;

    public float Total;

    public void Add(float term)
    {
        float corrected = term - lost, next = Total + corrected;
        lost = next - Total - corrected;
        Total = next;
    }
}
