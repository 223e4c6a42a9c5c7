global using MatrixView = EdgeVideoLlava.Kernels.MatrixView<EdgeVideoLlava.Kernels.Float32>;
