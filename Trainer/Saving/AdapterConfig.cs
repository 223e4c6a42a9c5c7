using System.Text.Json;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Trainer.Saving;

/// <summary>adapter_config.json as peft 0.4 writes and reads it.</summary>
internal static class AdapterConfig
{
    public static void Write(string path, string model, LoraOptions lora, IEnumerable<string> inputs)
    {
        using var file = new OutputFile(path, inputs);
        using (var json = new Utf8JsonWriter(file.Stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNull("auto_mapping");
            json.WriteString("base_model_name_or_path", Path.GetFullPath(model).TrimEnd('/'));
            json.WriteString("bias", "none");
            json.WriteBoolean("fan_in_fan_out", false);
            json.WriteBoolean("inference_mode", true);
            json.WriteBoolean("init_lora_weights", true);
            json.WriteNull("layers_pattern");
            json.WriteNull("layers_to_transform");
            json.WriteNumber("lora_alpha", lora.Alpha);
            json.WriteNumber("lora_dropout", lora.Dropout);
            json.WriteNull("modules_to_save");
            json.WriteString("peft_type", "LORA");
            json.WriteNumber("r", lora.Rank);
            json.WriteNull("revision");
            json.WriteStartArray("target_modules");
            foreach (string target in (lora.Targets ?? LoraOptions.All).Order(StringComparer.Ordinal)) json.WriteStringValue(target);
            json.WriteEndArray();
            json.WriteString("task_type", "CAUSAL_LM");
            json.WriteEndObject();
        }
        file.Complete();
    }
}
