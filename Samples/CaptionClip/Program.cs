Console.WriteLine("caption");
